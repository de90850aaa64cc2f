using CsCheck;
using EngineIO.Sessions;

namespace EngineIO.Tests.Sessions;

public sealed class RecentStringsTests
{
    [Fact]
    public void Whatever_came_before_a_text_stays_what_it_is() =>
        Gen.Select(Gen.Int[0, 2000], Gen.Int[0, 3]).Array[0, 3000].Sample(texts =>
        {
            var recent = new RecentStrings();
            foreach (var (number, length) in texts)
            {
                var text = new string((char)('a' + (number % 26)), length * 100) + number;
                recent.Share(text).ShouldBe(text);
            }
        });

    [Fact]
    public void Short_text_that_comes_again_is_the_earlier_one()
    {
        var recent = new RecentStrings();
        var first = new string('a', 256);
        recent.Share(first).ShouldBeSameAs(first);
        recent.Share(new string('a', 256)).ShouldBeSameAs(first);
    }

    [Fact]
    public void Long_text_is_not_held()
    {
        var recent = new RecentStrings();
        var weak = Hold(recent);
        GC.Collect();
        weak.IsAlive.ShouldBeFalse();
        GC.KeepAlive(recent);
    }

    // Apart, so that no local variable keeps it alive.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference Hold(RecentStrings recent)
    {
        var text = new string('a', 257);
        recent.Share(text).ShouldBeSameAs(text);
        return new WeakReference(text);
    }
}
