using Chatpulse.Server.Stores.Sqlite;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores;

public sealed class MembershipCacheTests
{
    [Fact]
    public void It_has_what_was_added_and_nothing_else()
    {
        var cache = new MembershipCache(100);
        cache.Add(1, 2);

        cache.Contains(1, 2).ShouldBeTrue();
        cache.Contains(2, 1).ShouldBeFalse();
    }

    [Fact]
    public void It_never_grows_over_its_bound()
    {
        var cache = new MembershipCache(100);
        for (var user = 0; user < 10_000; user++)
        {
            cache.Add(user, 1);
            cache.Count.ShouldBeLessThanOrEqualTo(100);
        }

        cache.Contains(9_999, 1).ShouldBeTrue();
        cache.Contains(0, 1).ShouldBeFalse();
    }

    [Fact]
    public void What_is_used_stays()
    {
        var cache = new MembershipCache(100);
        cache.Add(-1, 1);
        for (var user = 0; user < 10_000; user++)
        {
            cache.Add(user, 1);
            cache.Contains(-1, 1).ShouldBeTrue();
        }
    }
}
