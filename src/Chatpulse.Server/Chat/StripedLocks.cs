namespace Chatpulse.Server.Chat;

/// <summary>
/// A fixed number of locks shared out by key: what happens to one key is in order, different keys seldom wait for each other, and
/// nothing has to be made or forgotten for a key.
/// </summary>
internal sealed class StripedLocks
{
    private const int Count = 64;

    private readonly Lock[] _locks = new Lock[Count];

    public StripedLocks()
    {
        for (var i = 0; i < Count; i++)
            _locks[i] = new Lock();
    }

    /// <summary>The lock of a key.</summary>
    public Lock For(long key) => _locks[(int)((ulong)key % Count)];
}
