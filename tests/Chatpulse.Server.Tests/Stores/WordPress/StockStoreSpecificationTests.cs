using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Stores.WordPress;
using Shouldly;
using Stores.Specification;

namespace Chatpulse.Server.Tests.Stores.WordPress;

// The specification over the WordPress store and a scripted site with the stock plugin. What such a site cannot do is what is overridden here, each with what
// happens in its place; that it keeps no edits, deletes, reactions, files and changes of who is in a thread is in StockLimitsTests.

public sealed class StockAccessTests : AccessSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfStockAsync();

    /// <summary>Whoever shows no login cannot be asked about.</summary>
    [Fact]
    public override async Task Somebody_unknown_is_forbidden() =>
        await RefusedAsync(ChatErrorCodes.Unauthenticated, async () => await Store.CheckAccessAsync(Harness.UnknownUserId, Thread, Cancellation));

    /// <summary>The site says the same of a thread that is not there and of one that is not the user's.</summary>
    [Fact]
    public override async Task A_thread_that_does_not_exist_is_not_found() =>
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.CheckAccessAsync(Ann, Harness.UnknownThreadId, Cancellation));

    [Fact]
    public override async Task A_new_member_enters_at_once()
    {
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.CheckAccessAsync(Cem, Thread + 1, Cancellation));

        var made = await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, [Cem], Cancellation);

        await Store.CheckAccessAsync(Cem, made.Thread.Id, Cancellation);
    }
}

public sealed class StockSendTests : SendSpecification
{
    /// <summary>Messages after an id are found by going back from the newest, and not further than this.</summary>
    protected override int Crowd => (StockHistory.MaxPages - 1) * SiteRoutes.PageSize / 10;

    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfStockAsync();
}

public sealed class StockTextTests : TextSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfStockAsync();

    /// <summary>Bytes are counted there, and 10,000 of them are the limit.</summary>
    [Fact]
    public override async Task Content_has_one_to_ten_thousand_characters()
    {
        var longest = new string('x', StockPlugin.ContentBytes);
        var emoji = string.Concat(Enumerable.Repeat("😀", StockPlugin.ContentBytes / 4));

        (await SendAsync(Ann, longest)).Content.ShouldBe(longest);
        (await SendAsync(Ann, emoji)).Content.ShouldBe(emoji);
        await RefusedAsync(ChatErrorCodes.TooLarge, () => SendAsync(Ann, longest + "x"));
        (await RefusedAsync(ChatErrorCodes.TooLarge, () => SendAsync(Ann, emoji + "x"))).Message.ShouldContain("bytes");
        await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Ann, ""));
        await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Ann, " \t\n"));
    }
}

public sealed class StockHistoryTests : HistorySpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfStockAsync();
}

public sealed class StockReceiptTests : ReceiptSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfStockAsync();

    /// <summary>When it was read the answer does not say; it is told by the server's clock and kept by the site's.</summary>
    [Fact]
    public override async Task Reading_is_answered_with_the_receipts_and_remembered()
    {
        var sent = await SendManyAsync(Ann, 3);

        var receipts = (await Store.MarkReadAsync(Bob, Thread, [sent[2].Id, sent[0].Id], Cancellation)).Receipts;

        receipts.Select(r => (r.MessageId, r.UserId, r.UserName)).ShouldBe([(sent[0].Id, Bob, "Bob"), (sent[2].Id, Bob, "Bob")]);
        (await Store.ReceiptsAsync(Ann, sent[0].Id, Cancellation)).ShouldHaveSingleItem().UserId.ShouldBe(Bob);
        (await Store.ReceiptsAsync(Ann, sent[1].Id, Cancellation)).ShouldBeEmpty();
    }

    /// <summary>The site calls a message read when the first has read it, and says so in the history only.</summary>
    [Fact]
    public override async Task A_message_is_read_when_the_last_of_the_others_has_read_it()
    {
        var sent = await SendAsync(Ann, "hello");

        var read = await Store.MarkReadAsync(Bob, Thread, [sent.Id], Cancellation);

        read.Receipts.ShouldHaveSingleItem().UserId.ShouldBe(Bob);
        read.ReadByAll.ShouldBeEmpty();
        (await HistoryAsync(Ann)).ShouldHaveSingleItem().Status.ShouldBe("read");
    }

    /// <summary>Which ones they were the site tells by its webhook and not in its answer.</summary>
    [Fact]
    public override async Task All_can_be_read_in_one_call_whatever_was_read_before()
    {
        var sent = await SendManyAsync(Ann, 30);
        await Store.MarkReadAsync(Bob, Thread, [sent[3].Id, sent[17].Id], Cancellation);

        (await Store.MarkReadAsync(Bob, Thread, null, Cancellation)).Receipts.ShouldBeEmpty();

        (await UnreadAsync(Bob)).ShouldBe(0);
        (await Store.ReceiptsAsync(Ann, sent[29].Id, Cancellation)).ShouldHaveSingleItem().UserId.ShouldBe(Bob);
    }
}

public sealed class StockThreadTests : ThreadSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfStockAsync();

    [Fact]
    public override async Task An_unknown_maker_is_forbidden() =>
        await RefusedAsync(
            ChatErrorCodes.Unauthenticated, async () => await Store.CreateThreadAsync(Harness.UnknownUserId, ThreadTypes.Group, null, [Bob], Cancellation));

    /// <summary>The site looks at titles only.</summary>
    [Fact]
    public override async Task A_search_looks_at_titles_and_the_others_names()
    {
        await Store.CreateThreadAsync(Cem, ThreadTypes.Group, "Ärger über Österreich", [Bob], Cancellation);

        (await Store.ThreadsAsync(Bob, 1, 10, "TEAM", Cancellation)).Threads.ShouldHaveSingleItem().Id.ShouldBe(Thread);
        (await Store.ThreadsAsync(Cem, 1, 10, "ärger ÜBER", Cancellation)).Total.ShouldBe(1);
        (await Store.ThreadsAsync(Cem, 1, 10, "bob", Cancellation)).Total.ShouldBe(0);
    }

    /// <summary>In an order of its own, and of the last message without its id.</summary>
    [Fact]
    public override async Task Threads_come_in_the_order_of_their_last_use_with_their_last_message()
    {
        var second = (await Store.CreateThreadAsync(Bob, ThreadTypes.Group, "Second", [Ann], Cancellation)).Thread.Id;
        await Store.SendAsync(new NewMessage(Bob, second, null, "in the second", ContentTypes.PlainText, []), Cancellation);
        await SendAsync(Bob, "in the first");

        var page = await Store.ThreadsAsync(Ann, 1, 10, null, Cancellation);

        page.Threads.ToDictionary(t => t.Id, t => (t.LastMessage!.Content, t.LastMessage.SenderName)).ShouldBe(
            new Dictionary<long, (string, string)> { [Thread] = ("in the first", "Bob"), [second] = ("in the second", "Bob") }, ignoreOrder: true);
    }
}

public sealed class StockUserTests : UserSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfStockAsync();
}

public sealed class StockDeliveredTests : DeliveredSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfStockAsync();

    /// <summary>It is told and not kept: what the history says of it is the site's own.</summary>
    [Fact]
    public override async Task It_is_kept()
    {
        // Asking whether he is in the thread reads a message of it, which the site takes for a delivery.
        await Store.CheckMembershipAsync(Bob, Thread, Cancellation);
        var sent = await SendAsync(Ann, "hello");

        (await Store.MarkDeliveredAsync(Bob, Thread, [sent.Id], Cancellation)).ShouldHaveSingleItem().Status.ShouldBe("delivered");

        (await HistoryAsync(Ann)).ShouldHaveSingleItem().Status.ShouldBe("sent");
        (await UnreadAsync(Bob)).ShouldBe(1);
    }

    /// <summary>Who has not read it yet the site does not say.</summary>
    [Fact]
    public override async Task Then_read()
    {
        var sent = await SendAsync(Ann, "hello");
        await Store.MarkDeliveredAsync(Bob, Thread, [sent.Id], Cancellation);

        (await Store.MarkReadAsync(Bob, Thread, [sent.Id], Cancellation)).Receipts.ShouldHaveSingleItem().MessageId.ShouldBe(sent.Id);
    }

    [Fact]
    public override async Task Own_messages_unknown_ones_and_those_of_other_threads_are_passed_over()
    {
        var other = (await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, [Bob], Cancellation)).Thread.Id;
        var elsewhere = (await Store.SendAsync(new NewMessage(Ann, other, null, "x", ContentTypes.PlainText, []), Cancellation)).Message;
        var mine = await SendAsync(Bob, "mine");
        var theirs = await SendAsync(Ann, "theirs");

        var delivered = await Store.MarkDeliveredAsync(Bob, Thread, [mine.Id, elsewhere.Id, theirs.Id + 1000, theirs.Id, theirs.Id], Cancellation);

        delivered.ShouldHaveSingleItem().Id.ShouldBe(theirs.Id);
    }
}
