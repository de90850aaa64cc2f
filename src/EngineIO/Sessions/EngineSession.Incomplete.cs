using EngineIO.Transports;

namespace EngineIO.Sessions;

/// <content>What is kept of messages that the client has sent in part.</content>
public sealed partial class EngineSession
{
    // Few sessions ever have one.
    private IncompleteMessages.Share? _incomplete;

    /// <summary>
    /// Counts what is kept of a message of the client's that has not come whole yet, against <see cref="EngineIOOptions.MaxTotalIncompleteBytes"/>: the session may end in this
    /// call. By whoever reads, for the application while it handles a message.
    /// </summary>
    /// <param name="counted">What the caller has counted so far, 0 at first; only this changes it.</param>
    /// <param name="kept">Bytes that the caller keeps now. Less than 8 KiB are not counted: any connection has as much when what was read ends inside of a message.</param>
    public void HoldIncomplete(ref long counted, long kept)
    {
        var counts = kept < IncompleteMessages.LeastCounted ? 0 : kept;
        var change = counts - counted;
        if (change == 0)
            return;
        counted = counts;
        var share = Volatile.Read(ref _incomplete);
        if (share is null)
        {
            lock (Gate)
            {
                if (_state == SessionState.Closed)
                    return;
                _incomplete = share = new IncompleteMessages.Share(this);
            }
        }

        _host.Incomplete.Add(share, change);
    }

    /// <summary>All clients together have sent too much in part, and this one has kept the server waiting for the rest for longest.</summary>
    internal void CutOffIncomplete()
    {
        ITransport transport;
        lock (Gate)
            transport = _transport;
        End(
            CloseReason.TransportError,
            new ProtocolViolationException($"Clients had sent more than {_host.Options.MaxTotalIncompleteBytes} bytes of messages that were not complete, and this one was waited for the longest."),
            notifyLater: true);

        // No time to take leave, in which the memory would be held on to.
        transport.Abort();
    }
}
