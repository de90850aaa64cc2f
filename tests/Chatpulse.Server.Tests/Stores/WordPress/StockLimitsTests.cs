using Chatpulse.Server.Chat;
using Shouldly;
using Stores.Specification;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>What a site with the stock plugin cannot keep is refused, in words that say so, and the site is not asked.</summary>
public sealed class StockLimitsTests : StoreSpecification
{
    private ScriptedStoreHarness Scripted => (ScriptedStoreHarness)Harness;

    [Fact]
    public async Task A_stock_site_keeps_no_edits_deletes_and_reactions()
    {
        var sent = await SendAsync(Ann, "hello");
        await CannotAsync("edit", async () => await Store.EditAsync(Ann, Thread, sent.Id, "hallo", Cancellation));
        await CannotAsync("delete", async () => await Store.DeleteAsync(Ann, Thread, sent.Id, Cancellation));
        await CannotAsync("reactions", async () => await Store.ReactAsync(Bob, Thread, sent.Id, "👍", remove: false, Cancellation));
        (await HistoryAsync(Bob)).ShouldHaveSingleItem().Content.ShouldBe("hello");
    }

    [Fact]
    public async Task A_stock_site_changes_nobody_in_a_thread()
    {
        await CannotAsync("change who is in a thread", async () => await Store.AddParticipantsAsync(Ann, Thread, [Cem], Cancellation));
        await CannotAsync("change who is in a thread", async () => await Store.RemoveParticipantAsync(Ann, Thread, Bob, Cancellation));
        (await Store.ParticipantsAsync(Ann, Thread, Cancellation)).Select(p => p.Id).ShouldBe([Ann, Bob], ignoreOrder: true);
    }

    [Fact]
    public async Task A_stock_site_keeps_no_files()
    {
        using var content = new MemoryStream([1, 2, 3]);
        await CannotAsync("files", async () => await Store.AddAttachmentAsync(Ann, "a.txt", "text/plain", content, Cancellation));
        await CannotAsync("files", async () => await Store.OpenAttachmentAsync(Ann, 1, Cancellation));
        (await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Ann, "look", null, 1))).Message.ShouldContain("attachments");
        (await HistoryAsync(Ann)).ShouldBeEmpty();
    }

    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfStockAsync();

    private async Task CannotAsync(string what, Func<Task> call)
    {
        var before = Scripted.Site.Requests.Count;
        (await RefusedAsync(ChatErrorCodes.Forbidden, call)).Message.ShouldContain(what);
        Scripted.Site.Requests.Count.ShouldBe(before);
    }
}
