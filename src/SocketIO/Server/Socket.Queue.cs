using SocketIO.Protocol;

namespace SocketIO.Server;

public sealed partial class Socket
{
    private Queue<IncomingEvent>? _pending;

    // From the beginning: the connection handlers run as if they were the handler of an event before all others.
    private bool _busy = true;

    /// <summary>An event has come. Called by the client's reader, one at a time; the task completes when reading may go on.</summary>
    internal ValueTask OnEvent(in SocketPacket packet)
    {
        var incoming = new IncomingEvent(this, packet);
        lock (_gate)
        {
            if (_closing) return default;
            if (_busy)
            {
                (_pending ??= new Queue<IncomingEvent>()).Enqueue(incoming);
                Client.AddPending(incoming);
                return Client.ReadOn();
            }

            _busy = true;
        }

        var task = Run(incoming);
        if (!task.IsCompletedSuccessfully || !TryBecomeIdle()) _ = Drain(task);
        return Client.ReadOn();
    }

    /// <summary>The client has left the namespace: after the events that came before.</summary>
    internal void OnClientDisconnect() => Close(DisconnectReason.ClientNamespaceDisconnect);

    /// <summary>The connection handlers have completed: the events that came meanwhile are handled.</summary>
    internal void Start()
    {
        if (!TryBecomeIdle()) _ = Drain(default);
    }

    // Between two events: true when none waits. What Close left to be done is done here.
    private bool TryBecomeIdle()
    {
        bool leave;
        lock (_gate)
        {
            if (_pending is { Count: > 0 }) return false;
            _pending = null;
            _busy = false;
            leave = _closing;
        }

        if (leave) Leave();
        return true;
    }

    private async Task Drain(ValueTask first)
    {
        await first.ConfigureAwait(false);
        while (!TryBecomeIdle())
        {
            IncomingEvent? next;
            lock (_gate)
            {
                if (_pending is null || !_pending.TryDequeue(out next)) continue;
            }

            Client.RemovePending(next);
            await Run(next).ConfigureAwait(false);
        }
    }

    // Under the lock.
    private void DropPending()
    {
        if (_pending is null) return;
        if (_pending.Count > 0) Server.Log.EventsDropped(_pending.Count, Namespace.Name, Id);
        foreach (var incoming in _pending) Client.RemovePending(incoming);
        _pending.Clear();
    }
}
