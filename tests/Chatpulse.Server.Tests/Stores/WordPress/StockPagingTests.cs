using System.Globalization;
using System.Text.Json;
using System.Web;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;
using Chatpulse.Server.Stores;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>Paging by id through a site that pages by the second.</summary>
public sealed class StockPagingTests : IDisposable
{
    private const long Ann = 7;
    private const long Thread = 2;

    private static readonly DateTime Start = new(2026, 11, 22, 12, 0, 0, DateTimeKind.Utc);

    private readonly HandlerSite _site = new(hasBatch: false, configure: settings => settings with { AuthMode = AuthMode.WordPress });
    private readonly List<(long Id, string At)> _messages = [];

    public StockPagingTests()
    {
        _site.Sessions.Set(Ann, "connection", new WordPressCredentials("wordpress_logged_in_x=ann", "0123456789"));
        _site.Answer = (request, _) => Task.FromResult(Serve(request));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _site.Dispose();

    [Theory]
    [InlineData(335, 7, 10)]
    [InlineData(335, 7, 100)]
    [InlineData(335, 90, 50)]
    [InlineData(100, 100, 30)]
    [InlineData(1, 1, 1)]
    public async Task Paging_back_finds_every_message_once_though_many_share_a_second(int count, int aSecond, int limit)
    {
        Fill(count, aSecond);
        var found = new List<long>();
        long? before = null;
        MessagePage page;
        do
        {
            page = await _site.Store.HistoryAsync(Ann, Thread, before, null, limit, Cancellation);
            page.Messages.Count.ShouldBeLessThanOrEqualTo(limit);
            found.InsertRange(0, page.Messages.Select(message => message.Id));
            before = page.Messages[0].Id;
        }
        while (page.HasMore);

        found.ShouldBe(_messages.Select(message => message.Id));
    }

    [Theory]
    [InlineData(335, 7, 10)]
    [InlineData(335, 90, 100)]
    public async Task Paging_forward_finds_every_message_once_and_goes_back_through_the_site_once(int count, int aSecond, int limit)
    {
        Fill(count, aSecond);
        var found = new List<long>();
        long after = 0;
        MessagePage page;
        do
        {
            page = await _site.Store.HistoryAsync(Ann, Thread, null, after, limit, Cancellation);
            found.AddRange(page.Messages.Select(message => message.Id));
            after = found[^1];
        }
        while (page.HasMore);

        found.ShouldBe(_messages.Select(message => message.Id));
        _site.Requests.Count.ShouldBeLessThan(20);
    }

    [Fact]
    public async Task What_came_after_a_recent_message_is_one_call()
    {
        Fill(335, 7);

        var page = await _site.Store.HistoryAsync(Ann, Thread, null, _messages[330].Id, 100, Cancellation);

        page.Messages.Select(message => message.Id).ShouldBe(_messages[331..].Select(message => message.Id));
        page.HasMore.ShouldBeFalse();
        _site.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task More_than_can_be_walked_through_is_refused_and_not_left_out()
    {
        Fill(2_500, 7);

        var refusal = await Should.ThrowAsync<ChatException>(async () => await _site.Store.HistoryAsync(Ann, Thread, null, 1, 100, Cancellation));

        refusal.Code.ShouldBe(ChatErrorCodes.TooLarge);
        refusal.Message.ShouldContain("lastMessageId");
    }

    [Fact]
    public async Task A_second_with_more_than_a_page_is_no_endless_walk()
    {
        Fill(300, 250);

        var page = await _site.Store.HistoryAsync(Ann, Thread, null, 0, 100, Cancellation);

        page.Messages.ShouldNotBeEmpty();
        _site.Log.ShouldContain(line => line.Contains("more than 100 messages at", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Messages_of_another_thread_that_the_site_mixes_in_are_dropped()
    {
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Json(
            200, """{"messages":[{"id":1,"thread_id":3,"sender_id":1,"content":"x"},{"id":2,"thread_id":"2","sender_id":"1","content":"y"}],"has_more":false}"""));

        (await _site.Store.HistoryAsync(Ann, Thread, null, null, 10, Cancellation)).Messages.ShouldHaveSingleItem().Content.ShouldBe("y");
    }

    [Fact]
    public async Task Only_messages_of_the_thread_can_be_marked_as_read_through_it()
    {
        Fill(3, 1);

        (await Should.ThrowAsync<ChatException>(async () => await _site.Store.MarkReadAsync(Ann, Thread, [1, 4711], Cancellation)))
            .Code.ShouldBe(ChatErrorCodes.NotFound);
        var marked = await _site.Store.MarkReadAsync(Ann, Thread, [1, 2, 1], Cancellation);

        marked.Receipts.Select(receipt => receipt.MessageId).ShouldBe([1, 2]);
        _site.Requests.Where(request => request.Method is "POST").Select(request => request.Body)
            .ShouldBe(["""{"message_id":1}""", """{"message_id":2}"""], ignoreOrder: true);
        _site.Requests.ShouldAllBe(request => request.Key == null || request.Path.StartsWith("users", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_is_delivered_once_and_no_call_is_made_for_it()
    {
        Fill(3, 1);
        await _site.Store.HistoryAsync(Ann, Thread, null, null, 10, Cancellation);
        var calls = _site.Requests.Count;

        (await _site.Store.MarkDeliveredAsync(Ann, Thread, [1, 2, 4711], Cancellation)).Select(message => (message.Id, message.Status))
            .ShouldBe([(1, "delivered"), (2, "delivered")]);
        (await _site.Store.MarkDeliveredAsync(Ann, Thread, [1, 3], Cancellation)).Select(message => message.Id).ShouldBe([3]);

        _site.Requests.Count.ShouldBe(calls);
    }

    private void Fill(int count, int aSecond)
    {
        for (var i = 0; i < count; i++)
            _messages.Add((i + 1, Start.AddSeconds(i / aSecond).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)));
    }

    // As the plugin does it: the newest before a time, the oldest second of which ends wherever the page is full, in no order within a second.
    private HttpResponseMessage Serve(HandledRequest request)
    {
        if (request.Method is "POST")
            return HandlerSite.Json(200, """{"success":true,"marked_count":1}""");
        if (request.Path.StartsWith("users", StringComparison.Ordinal))
            return HandlerSite.Json(200, """[{"id":7,"name":"Ann"}]""");
        var query = HttpUtility.ParseQueryString(request.Path[(request.Path.IndexOf('?', StringComparison.Ordinal) + 1)..]);
        var limit = int.Parse(query["limit"]!, CultureInfo.InvariantCulture);
        var before = query["before"];
        var all = _messages.Where(message => before is null || string.CompareOrdinal(message.At, before) < 0)
            .OrderByDescending(message => message.At, StringComparer.Ordinal).ThenBy(message => message.Id * 7919 % 101).ToArray();
        var page = all.Take(limit).Reverse().Select(message => JsonSerializer.Serialize(new
        {
            id = message.Id,
            thread_id = Thread,
            sender_id = 9,
            content = "message",
            status = "sent",
            created_at = message.At,
        }));
        return HandlerSite.Json(200, $$"""{"messages":[{{string.Join(',', page)}}],"has_more":{{(all.Length > limit ? "true" : "false")}} }""");
    }
}
