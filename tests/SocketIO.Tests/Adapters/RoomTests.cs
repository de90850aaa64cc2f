using CsCheck;
using Shouldly;
using SocketIO.Adapters;
using SocketIO.Server;
using Xunit;

namespace SocketIO.Tests.Adapters;

public sealed class RoomTests
{
    // A room only compares its sockets: these have no server behind them.
    private static readonly Socket[] Sockets = [.. Enumerable.Range(0, 40).Select(i => new Socket(null!, null!, $"{i}", null!))];

    [Fact]
    public void It_holds_each_socket_once_and_a_snapshot_never_changes() =>
        Gen.Select(Gen.Int[0, Sockets.Length - 1], Gen.Int[0, 4]).Array[0, 300].Sample(steps =>
        {
            var room = new Room();
            var model = new HashSet<Socket>();
            var snapshots = new List<(ReadOnlyMemory<Socket?> Taken, Socket?[] Was)>();
            foreach (var (index, action) in steps)
            {
                var socket = Sockets[index];
                switch (action)
                {
                    case 0 or 1:
                        room.Add(socket).ShouldBe(model.Add(socket));
                        break;
                    case 2 or 3:
                        room.Remove(socket).ShouldBe(model.Remove(socket));
                        break;
                    default:
                        var taken = room.Snapshot();
                        snapshots.Add((taken, taken.ToArray()));
                        break;
                }

                room.Count.ShouldBe(model.Count);
                room.Contains(socket).ShouldBe(model.Contains(socket));
            }

            model.SetEquals(room.Members.ToArray()!).ShouldBeTrue();
            foreach (var (taken, was) in snapshots) taken.Span.SequenceEqual(was).ShouldBeTrue();
        });
}
