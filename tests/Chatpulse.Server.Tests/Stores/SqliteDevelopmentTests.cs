using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores;

/// <summary>In development whatever is named is made.</summary>
public sealed class SqliteDevelopmentTests : IAsyncDisposable
{
    private readonly SqliteStoreHarness harness = new(options => options with { CreateWhatIsNamed = true });

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IChatStore Store => harness.Store;

    public ValueTask DisposeAsync() => harness.DisposeAsync();

    [Fact]
    public async Task A_user_and_a_thread_are_made_when_they_are_first_named()
    {
        await Store.CheckAccessAsync(123, 456, Cancellation);

        var thread = (await Store.ThreadsAsync(123, 1, 10, null, Cancellation)).Threads.ShouldHaveSingleItem();
        thread.Id.ShouldBe(456);
        thread.Type.ShouldBe("group");
        thread.Participants.ShouldBe([new ChatUser(123, "User 123", "")]);
    }

    [Fact]
    public async Task Whoever_names_a_group_joins_it()
    {
        await Store.SendAsync(new NewMessage(123, 456, null, "hello", ContentTypes.PlainText, []), Cancellation);

        (await Store.HistoryAsync(124, 456, null, null, 10, Cancellation)).Messages.ShouldHaveSingleItem().SenderName.ShouldBe("User 123");
        (await Store.ContactsAsync(123, Cancellation)).ShouldBe([124L]);
    }

    [Fact]
    public async Task A_name_that_was_given_stays()
    {
        await Store.EnsureUserAsync(123, "Ann", Cancellation);

        await Store.CheckAccessAsync(123, 456, Cancellation);

        (await Store.FindUserAsync(123, Cancellation))!.DisplayName.ShouldBe("Ann");
    }

    [Fact]
    public async Task A_private_thread_stays_closed_to_a_third()
    {
        var made = (await Store.CreateThreadAsync(1, ThreadTypes.Private, null, [2], Cancellation)).Thread;

        (await Should.ThrowAsync<ChatException>(Store.CheckAccessAsync(3, made.Id, Cancellation).AsTask())).Code.ShouldBe(ChatErrorCodes.Forbidden);
        (await Should.ThrowAsync<ChatException>(
            Store.SendAsync(new NewMessage(3, made.Id, null, "x", ContentTypes.PlainText, []), Cancellation).AsTask())).Code.ShouldBe(ChatErrorCodes.Forbidden);
    }

    [Fact]
    public async Task Participants_and_uploaders_are_made_too()
    {
        var made = (await Store.CreateThreadAsync(1, ThreadTypes.Group, null, [2, 3], Cancellation)).Thread;
        using var content = new MemoryStream([1]);
        await Store.AddAttachmentAsync(77, "a.txt", "text/plain", content, Cancellation);

        made.Participants.Select(p => p.DisplayName).ShouldBe(["User 1", "User 2", "User 3"]);
        (await Store.FindUserAsync(77, Cancellation)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Naming_the_highest_id_leaves_room_for_threads_that_are_made()
    {
        await Store.CheckAccessAsync(1, StoreLimits.Id, Cancellation);
        await Store.CheckAccessAsync(1, 456, Cancellation);

        var made = (await Store.CreateThreadAsync(1, ThreadTypes.Group, null, [2], Cancellation)).Thread;

        made.Id.ShouldBe(457);
    }

    [Fact]
    public async Task A_thread_that_many_name_at_once_is_made_once()
    {
        await Task.WhenAll(Enumerable.Range(1, 100).Select(user => Task.Run(
            async () => await Store.CheckAccessAsync(user, 456, Cancellation), Cancellation)));

        (await Store.ThreadsAsync(1, 1, 10, null, Cancellation)).Threads.ShouldHaveSingleItem().Participants.Count.ShouldBe(100);
    }

    [Fact]
    public async Task Whoever_was_taken_out_does_not_come_back_by_naming_the_thread()
    {
        await Store.CheckAccessAsync(1, 456, Cancellation);
        await Store.CheckAccessAsync(2, 456, Cancellation);

        await Store.RemoveParticipantAsync(1, 456, 2, Cancellation);

        (await Should.ThrowAsync<ChatException>(Store.CheckAccessAsync(2, 456, Cancellation).AsTask())).Code.ShouldBe(ChatErrorCodes.Forbidden);
        await Store.AddParticipantsAsync(1, 456, [2, 3], Cancellation);
        await Store.CheckAccessAsync(2, 456, Cancellation);
        await Store.CheckMembershipAsync(3, 456, Cancellation);
    }
}
