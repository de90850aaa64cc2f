using CsCheck;
using Shouldly;
using SocketIO.Adapters;
using Xunit;

namespace SocketIO.Tests.Adapters;

public sealed class RoomNamesTests
{
    [Fact]
    public void They_are_a_set_however_many_there_are() =>
        Gen.Select(Gen.Int[0, 30], Gen.Int[0, 4]).Array[0, 300].Sample(steps =>
        {
            var names = new RoomNames();
            var model = new HashSet<string>();
            foreach (var (number, action) in steps)
            {
                var room = $"room {number}";
                if (action < 3) names.Add(room).ShouldBe(model.Add(room));
                else names.Remove(room).ShouldBe(model.Remove(room));
                names.Count.ShouldBe(model.Count);
                names.Contains(room).ShouldBe(model.Contains(room));
            }

            model.SetEquals(names.ToArray()).ShouldBeTrue();
            names.ToArray().Length.ShouldBe(model.Count);
            names.ToSet().SetEquals(model).ShouldBeTrue();
        });
}
