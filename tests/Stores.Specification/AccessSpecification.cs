using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>Only members enter, through every door.</summary>
public abstract class AccessSpecification : StoreSpecification
{
    [Fact]
    public async Task A_member_may_use_the_thread()
    {
        await Store.CheckAccessAsync(Ann, Thread, Cancellation);
        await Store.CheckAccessAsync(Bob, Thread, Cancellation);
    }

    [Fact]
    public async Task A_stranger_is_forbidden_every_time()
    {
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.CheckAccessAsync(Cem, Thread, Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.CheckAccessAsync(Cem, Thread, Cancellation));
    }

    [Fact]
    public virtual async Task Somebody_unknown_is_forbidden() =>
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.CheckAccessAsync(Harness.UnknownUserId, Thread, Cancellation));

    [Fact]
    public virtual async Task A_thread_that_does_not_exist_is_not_found()
    {
        var refusal = await RefusedAsync(
            ChatErrorCodes.NotFound, async () => await Store.CheckAccessAsync(Ann, Harness.UnknownThreadId, Cancellation));
        refusal.Message.ShouldContain(Harness.UnknownThreadId.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_stranger_can_neither_read_nor_write()
    {
        var message = await SendAsync(Ann, "secret");

        await RefusedAsync(ChatErrorCodes.Forbidden, () => SendAsync(Cem, "let me in"));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.HistoryAsync(Cem, Thread, null, null, 10, Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.HistoryBeforeTimeAsync(Cem, Thread, DateTimeOffset.MaxValue, 10, Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.MarkReadAsync(Cem, Thread, [message.Id], Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.MarkReadAsync(Cem, Thread, null, Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.ReceiptsAsync(Cem, message.Id, Cancellation));
        (await Store.ThreadsAsync(Cem, 1, 10, null, Cancellation)).Total.ShouldBe(0);
        (await Store.HistoryAsync(Ann, Thread, null, null, 10, Cancellation)).Messages.Count.ShouldBe(1);
    }

    [Fact]
    public virtual async Task A_new_member_enters_at_once()
    {
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.CheckAccessAsync(Cem, Thread + 1, Cancellation));

        var made = await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, [Cem], Cancellation);

        await Store.CheckAccessAsync(Cem, made.Thread.Id, Cancellation);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(StoreLimits.Id + 1)]
    public async Task An_id_that_cannot_be_one_is_invalid(long id)
    {
        (await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.CheckAccessAsync(id, Thread, Cancellation))).Message.ShouldContain("userId");
        (await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.CheckAccessAsync(Ann, id, Cancellation))).Message.ShouldContain("threadId");
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.ReceiptsAsync(Ann, id, Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.MarkReadAsync(Ann, Thread, [id], Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.OpenAttachmentAsync(Ann, id, Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.FindUserAsync(id, Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Ann, "x", null, id));
    }

    [Fact]
    public async Task A_store_that_works_is_healthy() => await Store.CheckHealthAsync(Cancellation);
}
