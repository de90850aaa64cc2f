using Chatpulse.Server.Identity;
using Chatpulse.Server.Presence;
using SocketIO.Server;

namespace Chatpulse.Server.Chat;

/// <summary>One socket of a user, and the threads it has joined. It is the socket's <see cref="Socket.Data"/>.</summary>
/// <remarks>
/// Threading: the socket's handlers call one at a time, its end may come beside them; the lock guards the set of threads and <see cref="_closed"/>, so that
/// a handler that finishes after the end cannot join anything.
/// </remarks>
internal sealed class ChatConnection
{
    /// <summary>What is said to those who are not in the thread.</summary>
    public const string JoinFirst = "Join the thread first.";

    /// <summary>What is said to those who were taken out of the thread while they asked for something there.</summary>
    public const string Removed = "You are no longer in the thread.";

    private const int MaxThreads = 500;

    private readonly Lock _lock = new();
    private readonly ThreadPresence _threadPresence;
    private volatile UserIdentity _identity;
    private HashSet<long>? _threads;
    private HashSet<long>? _recovered;
    private bool _closed;

    public ChatConnection(Socket socket, UserIdentity identity, ThreadPresence threadPresence)
    {
        Socket = socket;
        UserId = identity.UserId;
        _identity = identity;
        _threadPresence = threadPresence;
    }

    /// <summary>The socket.</summary>
    public Socket Socket { get; }

    /// <summary>Whose it is; never changes.</summary>
    public long UserId { get; }

    /// <summary>The proof of whose it is, the last one that was shown.</summary>
    public UserIdentity Identity => _identity;

    /// <summary>The login at WordPress that is watched for it; guarded by <see cref="WordPressLoginWatch"/>.</summary>
    public WordPressLoginWatch.Login? Login { get; set; }

    /// <summary>Ends the connection when its proof has expired; null where proofs do not.</summary>
    public IdentityExpiry? Expiry { get; init; }

    /// <summary>The threads it has joined, at this moment.</summary>
    public IReadOnlyList<long> Threads
    {
        get
        {
            lock (_lock)
                return _threads is null ? [] : [.. _threads];
        }
    }

    /// <summary>Whether it has joined the thread.</summary>
    public bool IsIn(long threadId)
    {
        lock (_lock)
            return _threads?.Contains(threadId) == true;
    }

    /// <summary>Refuses an event that is for those in the thread.</summary>
    /// <exception cref="ChatException"><c>forbidden</c>: it has not joined the thread.</exception>
    public void RequireIn(long threadId)
    {
        if (!IsIn(threadId))
            throw new ChatException(ChatErrorCodes.Forbidden, JoinFirst);
    }

    /// <summary>
    /// Does something on behalf of a connection in the thread, never beside its leaving or its end: what it begins, they can end.
    /// <paramref name="action"/> must not block.
    /// </summary>
    /// <exception cref="ChatException"><c>forbidden</c>: it has not joined the thread, or has ended.</exception>
    public void WhileIn(long threadId, Action action)
    {
        lock (_lock)
        {
            if (_closed || _threads?.Contains(threadId) != true)
                throw new ChatException(ChatErrorCodes.Forbidden, JoinFirst);
            action();
        }
    }

    /// <summary>Joins the thread's room, also when it is counted in and only its room was left for a while; does nothing when it has ended.</summary>
    /// <param name="threadId">The thread.</param>
    /// <param name="removed">Whether the user was taken out of the thread since access was checked.</param>
    /// <exception cref="ChatException"><c>forbidden</c>: the user was taken out; <c>too_large</c>: it is in too many threads.</exception>
    public void Join(long threadId, Func<bool> removed)
    {
        lock (_lock)
        {
            if (_closed)
                return;
            if (removed())
                throw new ChatException(ChatErrorCodes.Forbidden, Removed);
            _threads ??= [];
            if (_threads.Contains(threadId))
            {
                Socket.Join(ChatRooms.Thread(threadId));
                return;
            }

            RequireRoom();
            _threads.Add(threadId);
            Socket.Join(ChatRooms.Thread(threadId));
            _threadPresence.Enter(threadId, UserId, Socket.Id);
        }
    }

    /// <summary>Refuses to join one more thread than a connection can be in: before the store is asked for access, which may cost it something.</summary>
    /// <exception cref="ChatException"><c>too_large</c>: it is in too many threads.</exception>
    public void RequireRoomFor(long threadId)
    {
        lock (_lock)
        {
            if (_threads?.Contains(threadId) != true)
                RequireRoom();
        }
    }

    /// <summary>
    /// Takes up the threads of a session: their rooms are joined already, and what was missed there is on its way. For use before anybody else can find the
    /// connection.
    /// </summary>
    public void Recover(IReadOnlyList<long> threads)
    {
        foreach (var threadId in threads)
            Join(threadId, static () => false);
        lock (_lock)
            _recovered = threads.Count == 0 ? null : [.. threads];
    }

    /// <summary>
    /// Whether the thread was taken up with a session and is joined for the first time since: the client may then ask for what it has just been sent. True once.
    /// </summary>
    public bool TakeRecovered(long threadId)
    {
        lock (_lock)
        {
            if (_recovered?.Remove(threadId) != true)
                return false;
            if (_recovered.Count == 0)
                _recovered = null;
            return _threads?.Contains(threadId) == true;
        }
    }

    /// <summary>Goes back to the room of a thread that it is counted in, after only the room was left for a while.</summary>
    public void ReturnTo(long threadId)
    {
        lock (_lock)
        {
            if (!_closed && _threads?.Contains(threadId) == true)
                Socket.Join(ChatRooms.Thread(threadId));
        }
    }

    /// <summary>Leaves the thread's room, then runs <paramref name="left"/>, then tells the others. False when it was not in.</summary>
    public bool Leave(long threadId, Action left)
    {
        lock (_lock)
        {
            if (_closed || _threads?.Remove(threadId) != true)
                return false;
            _recovered?.Remove(threadId);
            Socket.Leave(ChatRooms.Thread(threadId));
            left();
            _threadPresence.Leave(threadId, UserId, Socket.Id);
            return true;
        }
    }

    /// <summary>The same user was proven anew.</summary>
    public void Refresh(UserIdentity identity)
    {
        _identity = identity;
        Expiry?.Set(identity.ExpiresAt);
    }

    /// <summary>The user has signed out: tells the client, and ends the connection.</summary>
    public void EndSignedOut()
    {
        Socket.Emit("error", new Wire.Error(IdentityExpiry.Event, "You have signed out; the connection ends.", TempId: null));
        Socket.Disconnect(closeConnection: true);
    }

    /// <summary>The connection ends: nothing can be joined any more. Answers what it was in.</summary>
    public IReadOnlyList<long> Close()
    {
        lock (_lock)
        {
            if (_closed)
                return [];
            _closed = true;
            return _threads is null ? [] : [.. _threads];
        }
    }

    // Under the lock.
    private void RequireRoom()
    {
        if (_threads?.Count >= MaxThreads)
            throw new ChatException(ChatErrorCodes.TooLarge, $"A connection can be in at most {MaxThreads} threads; leave one first.");
    }
}
