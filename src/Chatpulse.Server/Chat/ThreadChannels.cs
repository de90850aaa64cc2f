using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Chat;

/// <summary>The channels that are in use. There are never more of them than operations under way.</summary>
/// <remarks>Threading: anyone calls; the lock guards the table and the count of users of each channel.</remarks>
internal sealed class ThreadChannels(IChatStore store, Action<ThreadChannel.Send> tell, TimeProvider timeProvider)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, ThreadChannel> _channels = [];

    /// <summary>How many are in use.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _channels.Count;
        }
    }

    /// <summary>The thread's channel, which remembers what is told from now on until the lease is disposed.</summary>
    public Lease Enter(long threadId)
    {
        lock (_lock)
        {
            if (!_channels.TryGetValue(threadId, out var channel))
                _channels.Add(threadId, channel = new ThreadChannel(threadId, store, tell, timeProvider));
            channel.Users++;
            return new Lease(this, channel);
        }
    }

    private void Exit(ThreadChannel channel)
    {
        lock (_lock)
        {
            if (--channel.Users == 0)
                _channels.Remove(channel.ThreadId);
        }
    }

    /// <summary>The use of a channel, to be disposed once.</summary>
    internal readonly struct Lease(ThreadChannels channels, ThreadChannel channel) : IDisposable
    {
        /// <summary>The channel.</summary>
        public ThreadChannel Channel => channel;

        /// <inheritdoc />
        public void Dispose() => channels.Exit(channel);
    }
}
