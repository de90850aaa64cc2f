using Chatpulse.Server.Stores.Sqlite;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores;

public sealed class MembershipCacheTests
{
    [Fact]
    public void It_has_what_was_added_and_nothing_else()
    {
        var cache = new MembershipCache(100);
        cache.Add(1, 2, cache.Version);

        cache.Contains(1, 2).ShouldBeTrue();
        cache.Contains(2, 1).ShouldBeFalse();
    }

    [Fact]
    public void It_never_grows_over_its_bound()
    {
        var cache = new MembershipCache(100);
        for (var user = 0; user < 10_000; user++)
        {
            cache.Add(user, 1, cache.Version);
            cache.Count.ShouldBeLessThanOrEqualTo(100);
        }

        cache.Contains(9_999, 1).ShouldBeTrue();
        cache.Contains(0, 1).ShouldBeFalse();
    }

    [Fact]
    public void What_is_used_stays()
    {
        var cache = new MembershipCache(100);
        cache.Add(-1, 1, cache.Version);
        for (var user = 0; user < 10_000; user++)
        {
            cache.Add(user, 1, cache.Version);
            cache.Contains(-1, 1).ShouldBeTrue();
        }
    }

    [Fact]
    public void What_is_removed_is_gone_from_both_generations()
    {
        var cache = new MembershipCache(100);
        cache.Add(1, 7, cache.Version);
        for (var user = 100; user < 149; user++)
            cache.Add(user, 1, cache.Version);
        cache.Add(2, 7, cache.Version);

        cache.Remove(1, 7);
        cache.Remove(2, 7);

        cache.Contains(1, 7).ShouldBeFalse();
        cache.Contains(2, 7).ShouldBeFalse();
        cache.Contains(100, 1).ShouldBeTrue();
    }

    [Fact]
    public void What_was_found_before_a_removal_is_not_added_after_it()
    {
        var cache = new MembershipCache(100);
        var found = cache.Version;

        cache.Remove(1, 7);
        cache.Add(1, 7, found);

        cache.Contains(1, 7).ShouldBeFalse();
        cache.Add(1, 7, cache.Version);
        cache.Contains(1, 7).ShouldBeTrue();
    }
}
