using System.Collections.Concurrent;
using Chatpulse.Server.Chat;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;

namespace Chatpulse.Server.Tests.Chat;

/// <summary>Marks are gathered while the store is busy, and a store that fails stops nothing.</summary>
public sealed class DeliveriesTests
{
    private readonly BlockingCollection<Call> _calls = [];
    private readonly Deliveries _deliveries;

    public DeliveriesTests() => _deliveries = new Deliveries(
        (threadId, userId, ids) =>
        {
            var call = new Call(threadId, userId, [.. ids], new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            _calls.Add(call, TestContext.Current.CancellationToken);
            return call.Done.Task;
        },
        NullLogger.Instance);

    [Fact]
    public void A_burst_is_two_calls()
    {
        for (var id = 1; id <= 100; id++)
            _deliveries.Add(7, 1, id);
        var first = Take();
        first.Ids.ShouldBe([1]);

        first.Done.SetResult();
        var second = Take();

        second.Ids.ShouldBe(Enumerable.Range(2, 99).Select(id => (long)id));
        second.Done.SetResult();
        _deliveries.Add(7, 1, 101);
        Take().Ids.ShouldBe([101]);
    }

    [Fact]
    public void Few_calls_are_under_way_at_a_time_and_everybody_has_their_turn()
    {
        for (var user = 1; user <= 10; user++)
            _deliveries.Add(7, user, user);
        var first = Enumerable.Range(0, 4).Select(_ => Take()).ToList();
        _calls.Count.ShouldBe(0);

        first[0].Done.SetResult();
        var fifth = Take();
        fifth.Done.SetException(new ChatException(ChatErrorCodes.Unavailable, "down"));
        var rest = new List<Call> { Take() };
        foreach (var call in first.Skip(1))
            call.Done.SetResult();
        while (rest.Count < 5)
        {
            rest[^1].Done.TrySetResult();
            rest.Add(Take());
        }

        first.Concat(rest).Append(fifth).Select(call => call.UserId).ShouldBe([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], ignoreOrder: true);
    }

    [Fact]
    public void What_waits_is_bounded()
    {
        _deliveries.Add(7, 1, 1);
        var first = Take();
        for (var id = 2; id <= 60_000; id++)
            _deliveries.Add(7, 1, id);

        var taken = 0;
        first.Done.SetResult();
        while (taken < 50_000)
        {
            var call = Take();
            call.Ids.Count.ShouldBeLessThanOrEqualTo(100);
            taken += call.Ids.Count;
            call.Done.SetResult();
        }

        taken.ShouldBe(50_000);
        _deliveries.Add(7, 2, 70_000);
        Take().Ids.ShouldBe([70_000]);
    }

    private Call Take() =>
        _calls.TryTake(out var call, TimeSpan.FromSeconds(60)) ? call : throw new TimeoutException("No call came.");

    private sealed record Call(long ThreadId, long UserId, IReadOnlyList<long> Ids, TaskCompletionSource Done);
}
