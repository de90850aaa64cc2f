using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>What the specifications share: a store with Ann, Bob and Cem, and a thread of Ann and Bob.</summary>
public abstract class StoreSpecification : IAsyncLifetime
{
    private IStoreHarness? harness;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected IStoreHarness Harness => harness!;

    protected IChatStore Store => Harness.Store;

    protected long Ann { get; private set; }

    protected long Bob { get; private set; }

    protected long Cem { get; private set; }

    /// <summary>A group of Ann and Bob, not of Cem.</summary>
    protected long Thread { get; private set; }

    public async ValueTask InitializeAsync()
    {
        harness = await CreateHarnessAsync();
        Ann = await Harness.AddUserAsync("Ann Ångström");
        Bob = await Harness.AddUserAsync("Bob");
        Cem = await Harness.AddUserAsync("Cem");
        Thread = (await Store.CreateThreadAsync(Ann, ThreadTypes.Group, "Team", [Bob], Cancellation)).Thread.Id;
    }

    public async ValueTask DisposeAsync()
    {
        await Harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract ValueTask<IStoreHarness> CreateHarnessAsync();

    protected async Task<ChatMessage> SendAsync(long sender, string content, string? tempId = null, params long[] attachments) =>
        (await Store.SendAsync(new NewMessage(sender, Thread, tempId, content, ContentTypes.PlainText, attachments), Cancellation)).Message;

    protected async Task<ChatMessage[]> SendManyAsync(long sender, int count)
    {
        var messages = new ChatMessage[count];
        for (var i = 0; i < count; i++)
            messages[i] = await SendAsync(sender, $"message {i + 1}");
        return messages;
    }

    /// <summary>The thread's messages as a member gets them, oldest first; at most 100.</summary>
    protected async Task<IReadOnlyList<ChatMessage>> HistoryAsync(long user) =>
        (await Store.HistoryAsync(user, Thread, null, null, 100, Cancellation)).Messages;

    protected async Task<int> UnreadAsync(long user) =>
        (await Store.ThreadsAsync(user, 1, 10, null, Cancellation)).Threads.Single(t => t.Id == Thread).UnreadCount;

    protected static async Task<ChatException> RefusedAsync(string code, Func<Task> call)
    {
        var refusal = await Should.ThrowAsync<ChatException>(call);
        refusal.Code.ShouldBe(code, refusal.Message);
        return refusal;
    }
}
