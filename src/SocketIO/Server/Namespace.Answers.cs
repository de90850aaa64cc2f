using System.Collections.Concurrent;
using SocketIO.Protocol;

namespace SocketIO.Server;

// Answers to broadcasts that are handed on as they come.
public sealed partial class Namespace
{
    private readonly ConcurrentDictionary<long, BroadcastWatch> _watches = new();
    private int _watchCount;

    /// <summary>How many broadcasts' answers are handed on at this moment.</summary>
    internal int WatchCount => Volatile.Read(ref _watchCount);

    /// <summary>Hands on the answers to an event that is about to be sent. Null when there are too many such events already.</summary>
    internal BroadcastWatch? Watch(Func<Socket, EventArguments, bool> onAnswer, TimeSpan timeout)
    {
        if (Interlocked.Increment(ref _watchCount) > Server.Options.MaxWatchedBroadcasts)
        {
            Interlocked.Decrement(ref _watchCount);
            return null;
        }

        var watch = new BroadcastWatch(this, NextAckId(), onAnswer);
        _watches[watch.AckId] = watch;
        Server.Engine.Wheel.Schedule(watch, timeout);
        return watch;
    }

    /// <summary>The event is in the recovery log: who answers it has everything up to there.</summary>
    internal void Placed(long ackId, long place)
    {
        if (_watches.TryGetValue(ackId, out var watch)) watch.Place = place;
    }

    /// <summary>A socket has answered. False when nobody waits for it.</summary>
    internal bool OnAnswer(Socket socket, in SocketPacket packet)
    {
        if (!_watches.TryGetValue(packet.AckId!.Value, out var watch)) return false;
        if (watch.Place is var place and > 0) socket.Prove(place);
        if (!watch.OnAnswer(socket, packet.Arguments) || watch.Place > 0) return true;
        Server.Engine.Wheel.Cancel(watch);
        Forget(watch);
        return true;
    }

    internal void Forget(BroadcastWatch watch)
    {
        if (_watches.TryRemove(watch.AckId, out _)) Interlocked.Decrement(ref _watchCount);
    }
}
