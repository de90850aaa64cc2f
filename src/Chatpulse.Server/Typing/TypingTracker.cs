using System.Collections.Concurrent;
using Chatpulse.Server.Chat;
using EngineIO.Sessions;
using SocketIO.Server;

namespace Chatpulse.Server.Typing;

/// <summary>
/// Who is typing where, and the <c>typing</c> events that follow. A user types in a thread until 10 s after the last <c>true</c>, whichever connection sent
/// it. Every <c>true</c> is told, so that clients with a time-out of their own are refreshed; a <c>false</c> only to end what was told.
/// The user's own connections are never told. Holds an entry only while somebody types.
/// </summary>
/// <remarks>
/// Threading: anyone calls, and the timing wheel. A lock a thread (striped) covers the change and the telling, so that they agree; telling enqueues and
/// never waits.
/// </remarks>
public sealed class TypingTracker
{
    /// <summary>How long after the last <c>true</c> a user is taken to have stopped.</summary>
    public static readonly TimeSpan Expiry = TimeSpan.FromSeconds(10);

    private readonly StripedLocks _locks = new();
    private readonly ConcurrentDictionary<(long ThreadId, long UserId), Entry> _entries = new();
    private readonly SocketIOServer _server;
    private readonly TimeProvider _timeProvider;

    /// <summary>Tells through a server, and takes its clock's time-outs.</summary>
    public TypingTracker(SocketIOServer server, TimeProvider timeProvider) => (_server, _timeProvider) = (server, timeProvider);

    /// <summary>Users who are typing, counted once for each thread.</summary>
    public int Count => _entries.Count;

    /// <summary>The user types: told to the others, and remembered for <see cref="Expiry"/>.</summary>
    /// <param name="threadId">Where.</param>
    /// <param name="userId">Who.</param>
    /// <param name="connection">The connection that said so; null when it was said by REST.</param>
    public void Start(long threadId, long userId, string? connection)
    {
        lock (_locks.For(threadId))
        {
            if (!_entries.TryGetValue((threadId, userId), out var entry))
                _entries[(threadId, userId)] = entry = new Entry(this, threadId, userId);
            entry.Connection = connection;
            entry.ExpiresAt = _timeProvider.GetTimestamp() + (long)(Expiry.TotalSeconds * _timeProvider.TimestampFrequency);
            _server.Engine.Wheel.Schedule(entry, Expiry);
            Tell(threadId, userId, isTyping: true);
        }
    }

    /// <summary>The user has stopped: told to the others if they were told that the user types.</summary>
    public void Stop(long threadId, long userId)
    {
        lock (_locks.For(threadId))
        {
            if (_entries.TryRemove((threadId, userId), out var entry))
            {
                _server.Engine.Wheel.Cancel(entry);
                Tell(threadId, userId, isTyping: false);
            }
        }
    }

    /// <summary>A connection has gone: the user has stopped unless another connection was the last to say otherwise.</summary>
    public void Disconnect(long threadId, long userId, string connection)
    {
        lock (_locks.For(threadId))
        {
            if (_entries.TryGetValue((threadId, userId), out var entry) && string.Equals(entry.Connection, connection, StringComparison.Ordinal))
                Stop(threadId, userId);
        }
    }

    /// <summary>Who types in the thread.</summary>
    public IReadOnlyList<long> Users(long threadId) => [.. _entries.Where(entry => entry.Key.ThreadId == threadId).Select(entry => entry.Key.UserId)];

    /// <summary>Who types, by thread.</summary>
    public ILookup<long, long> Snapshot() => _entries.ToLookup(entry => entry.Key.ThreadId, entry => entry.Key.UserId);

    private void Expire(Entry entry)
    {
        lock (_locks.For(entry.ThreadId))
        {
            // It may have been ended and begun anew, or refreshed, while the wheel was on its way here.
            if (!_entries.TryGetValue((entry.ThreadId, entry.UserId), out var current) || current != entry)
                return;
            var rest = _timeProvider.GetElapsedTime(_timeProvider.GetTimestamp(), entry.ExpiresAt);
            if (rest > TimeSpan.Zero)
                _server.Engine.Wheel.Schedule(entry, rest);
            else
                Stop(entry.ThreadId, entry.UserId);
        }
    }

    private void Tell(long threadId, long userId, bool isTyping) =>
        _server.To(ChatRooms.Thread(threadId)).Except(ChatRooms.User(userId)).Emit("typing", new Wire.Typing(threadId, userId, isTyping));

    private sealed class Entry(TypingTracker tracker, long threadId, long userId) : TimingWheelEntry
    {
        public long ThreadId => threadId;
        public long UserId => userId;
        public string? Connection { get; set; }
        public long ExpiresAt { get; set; }

        protected override void OnDue() => tracker.Expire(this);
    }
}
