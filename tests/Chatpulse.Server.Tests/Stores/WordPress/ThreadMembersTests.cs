using Chatpulse.Server.Stores.WordPress;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

public sealed class ThreadMembersTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ThreadMembers _members;

    public ThreadMembersTests() => _members = new ThreadMembers(_clock);

    [Fact]
    public void An_answer_counts_for_a_minute()
    {
        _members.Add(7, 1, _members.Changes(1));

        _members.Contains(7, 1).ShouldBeTrue();
        _members.Contains(7, 2).ShouldBeFalse();
        _members.Contains(8, 1).ShouldBeFalse();
        _clock.Advance(ThreadMembers.Lifetime);
        _members.Contains(7, 1).ShouldBeFalse();
    }

    [Fact]
    public void Who_is_taken_out_is_out_at_once()
    {
        _members.Add(7, 1, _members.Changes(1));
        _members.Add(8, 1, _members.Changes(1));

        _members.Changed(1, added: [9], removed: [7]);

        _members.Contains(7, 1).ShouldBeFalse();
        _members.Contains(8, 1).ShouldBeTrue();
    }

    [Fact]
    public void A_change_gives_nobody_a_right_because_it_may_be_late()
    {
        _members.Changed(1, added: [], removed: [7]);
        _members.Changed(1, added: [7], removed: []);

        _members.Contains(7, 1).ShouldBeFalse();
        _members.Add(7, 1, _members.Changes(1));
        _members.Contains(7, 1).ShouldBeTrue();
    }

    [Fact]
    public void An_answer_that_was_asked_for_before_a_change_brings_nobody_back()
    {
        var asked = _members.Changes(1);
        _members.Changed(1, added: [], removed: [7]);

        _members.Add(7, 1, asked);

        _members.Contains(7, 1).ShouldBeFalse();
        _members.Add(7, 1, _members.Changes(1));
        _members.Contains(7, 1).ShouldBeTrue();
    }

    [Fact]
    public void A_refusal_and_signing_out_take_back_what_was_said()
    {
        _members.Add(7, 1, _members.Changes(1));
        _members.Add(7, 2, _members.Changes(2));
        _members.Refused(7, 1);

        _members.Contains(7, 1).ShouldBeFalse();
        _members.Contains(7, 2).ShouldBeTrue();
        _members.Forget(7);
        _members.Contains(7, 2).ShouldBeFalse();
    }

    [Fact]
    public void Refusals_in_one_thread_do_not_keep_other_answers_from_being_remembered()
    {
        var asked = _members.Changes(2);
        _members.Refused(7, 1);

        _members.Add(8, 2, asked);

        _members.Contains(8, 2).ShouldBeTrue();
    }

    [Fact]
    public void What_webhooks_tell_lasts_until_it_is_taken_back()
    {
        _members.Changed(1, added: [7, 8], removed: []);
        _clock.Advance(TimeSpan.FromDays(30));

        _members.IsTold(7, 1).ShouldBeTrue();
        _members.ToldContacts(7).ShouldBe([8]);
        _members.Changed(1, added: [], removed: [7]);
        _members.IsTold(7, 1).ShouldBeFalse();
        _members.ToldContacts(8).ShouldBeEmpty();
    }

    [Fact]
    public void It_holds_no_more_than_its_capacity()
    {
        for (var thread = 1; thread <= 2 * ThreadMembers.Capacity; thread++)
        {
            _members.Add(7, thread, _members.Changes(thread));
            _members.Changed(thread, added: [8], removed: []);
        }

        _members.Count.ShouldBeLessThanOrEqualTo(ThreadMembers.Capacity);
        _members.Contains(7, 2 * ThreadMembers.Capacity).ShouldBeTrue();
        _members.Contains(7, 1).ShouldBeFalse();
        _members.IsTold(8, 1).ShouldBeFalse();
        _members.IsTold(8, 2 * ThreadMembers.Capacity).ShouldBeTrue();
    }

    [Fact]
    public void A_cache_is_bounded_by_what_its_entries_weigh()
    {
        var cache = new ExpiringCache<int, string>(_clock, TimeSpan.FromMinutes(1), maxWeight: 100, text => text.Length);
        for (var i = 0; i < 50; i++)
            cache.Set(i, new string('x', 9));

        cache.Count.ShouldBe(10);
        cache.TryGet(49, out _).ShouldBeTrue();
        cache.TryGet(39, out _).ShouldBeFalse();
        cache.Set(49, "short");
        cache.TryGet(49, out var text).ShouldBeTrue();
        text.ShouldBe("short");
    }
}
