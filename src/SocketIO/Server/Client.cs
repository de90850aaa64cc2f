using System.Text.Json;
using EngineIO.Sessions;
using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>
/// One connection: its sockets, one a namespace, and its place in the timing wheel until it has joined the first.
/// </summary>
/// <remarks>
/// Threading: the session calls <see cref="OnMessageAsync"/> and <see cref="OnClosed"/>, one at a time; the half-received packet
/// belongs to that reader. Everything else is called by any thread. <c>_gate</c> guards the list of sockets, which is
/// replaced and never changed, so that finding a packet's socket takes no lock; and the counts of events that wait. Nothing
/// foreign is called while it is held.
/// </remarks>
internal sealed class Client(SocketIOServer server, EngineSession session) : TimingWheelEntry, IEngineSessionHandler
{
    private readonly Lock _gate = new();
    private volatile Socket[] _sockets = [];
    private List<string>? _connecting;
    private BinaryReconstructor? _half;
    private long _counted;
    private bool _closed;
    private bool _ended;
    private bool _refused;
    private int _pendingEvents;
    private long _pendingBytes;
    private TaskCompletionSource? _readOn;

    internal EngineSession Session => session;

    internal void Start() => server.Engine.Wheel.Schedule(this, server.Options.ConnectTimeout);

    /// <summary>The client has joined no namespace in time.</summary>
    protected override void OnDue()
    {
        lock (_gate)
        {
            if (_closed || _sockets.Length > 0) return;
        }

        server.Log.ConnectTimedOut(session.Id);
        session.Close(CloseReason.ForcedClose);
    }

    public ValueTask OnMessageAsync(ReadOnlyMemory<byte> data, bool binary)
    {
        // Closing lets what was sent before leave first; what comes meanwhile is from a client that is not listened to any more.
        if (_refused) return default;
        var status = server.Parser.Decode(data.Span, binary, ref _half, out var packet, out var error);
        if (_half is not null || _counted > 0) session.HoldIncomplete(ref _counted, _half?.KeptBytes ?? 0);
        switch (status)
        {
            case PacketDecodeStatus.Complete:
                return OnPacket(packet);
            case PacketDecodeStatus.Invalid:
                server.Log.IllegalPacket(session.Id, error);
                CloseAll(DisconnectReason.ParseError, CloseReason.ParseError);
                return default;
            default:
                // Nothing is kept for who may not send it.
                if (_half is { } begun && Find(begun.Namespace) is null) RefuseState(begun.Type, begun.Namespace);
                return default;
        }
    }

    private ValueTask OnPacket(in SocketPacket packet)
    {
        var socket = Find(packet.Namespace);
        switch (packet.Type)
        {
            case SocketPacketType.Connect when socket is null:
                Connect(packet);
                return default;
            case SocketPacketType.Event when socket is not null:
                return socket.OnEvent(packet);
            case SocketPacketType.Ack when socket is not null:
                socket.OnAck(packet);
                return default;
            case SocketPacketType.Disconnect when socket is not null:
                socket.OnClientDisconnect();
                return default;
            default:
                RefuseState(packet.Type, packet.Namespace);
                return default;
        }
    }

    // As the official server does: a client that is this wrong about its state is not talked to any further.
    private void RefuseState(SocketPacketType type, string ns)
    {
        server.Log.InvalidState(session.Id, type, ns);
        CloseAll(DisconnectReason.ForcedServerClose, CloseReason.ForcedClose);
    }

    private Socket? Find(string ns)
    {
        foreach (var socket in _sockets)
        {
            if (string.Equals(socket.Namespace.Name, ns, StringComparison.Ordinal)) return socket;
        }

        return null;
    }

    private void Connect(in SocketPacket packet)
    {
        bool twice;
        bool tooMany;
        lock (_gate)
        {
            if (_closed) return;

            // While middleware decides, the namespace is neither joined nor free: a second connect is as wrong as for a joined one.
            twice = _connecting?.Contains(packet.Namespace) == true;
            tooMany = _sockets.Length + (_connecting?.Count ?? 0) >= server.Options.MaxNamespacesPerClient;
            if (!twice && !tooMany) (_connecting ??= []).Add(packet.Namespace);
        }

        if (twice) CloseAll(DisconnectReason.ForcedServerClose, CloseReason.ForcedClose);
        else if (tooMany) SendConnectError(packet.Namespace, $"A connection can join {server.Options.MaxNamespacesPerClient} namespaces", null);
        else _ = Connect(packet.Namespace, packet.Data);
    }

    // Runs to its end without waiting when no middleware waits.
    private async Task Connect(string name, JsonElement? auth)
    {
        try
        {
            var ns = server.Enter(name) ?? await server.EnterDynamic(name, auth, session.Handshake).ConfigureAwait(false);
            if (ns is null)
            {
                SendConnectError(name, "Invalid namespace", null);
                return;
            }

            try
            {
                await ns.Connect(this, auth).ConfigureAwait(false);
            }
            finally
            {
                server.Exit(ns);
            }
        }
        catch (Exception exception)
        {
            server.Log.ConnectFailed(exception, name, session.Id);
            SendConnectError(name, "Internal error", null);
        }
    }

    private void EndConnecting(string name)
    {
        lock (_gate)
        {
            _connecting?.Remove(name);
            if (_connecting is { Count: 0 }) _connecting = null;
        }
    }

    internal void SendConnectError(string name, string message, object? data)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = server.Json.Encoder }))
        {
            writer.WriteStartObject();
            writer.WriteString("message"u8, message);
            if (data is not null)
            {
                writer.WritePropertyName("data"u8);
                JsonSerializer.Serialize(writer, data, server.Json.Known(data.GetType()));
            }

            writer.WriteEndObject();
        }

        // Before the answer, with which a client may try again. Not at the end of its connect, which could end the next one's.
        EndConnecting(name);
        session.Send(server.Parser.EncodeControl(SocketPacketType.ConnectError, name, buffer.WrittenSpan));
    }

    /// <summary>The socket gets its packets from now on. False when the connection has gone.</summary>
    internal bool Add(Socket socket)
    {
        lock (_gate)
        {
            if (_closed) return false;
            _sockets = [.. _sockets, socket];
        }

        EndConnecting(socket.Namespace.Name);
        server.Engine.Wheel.Cancel(this);
        return true;
    }

    internal void Remove(Socket socket)
    {
        lock (_gate) _sockets = Array.FindAll(_sockets, other => other != socket);
    }

    /// <summary>The server disconnects: every socket is told so, then the connection is closed.</summary>
    internal void DisconnectAll()
    {
        foreach (var socket in _sockets) socket.DisconnectByServer();
        session.Close(CloseReason.ForcedClose);
    }

    // By the reader only: the client broke the protocol. Its earlier events are still handled.
    private void CloseAll(DisconnectReason reason, CloseReason closeReason)
    {
        _refused = true;
        _half = null;
        foreach (var socket in _sockets) socket.Close(reason);
        session.Close(closeReason);
    }

    public void OnClosed(CloseReason reason, Exception? exception)
    {
        lock (_gate) _closed = true;
        server.Engine.Wheel.Cancel(this);
        foreach (var socket in _sockets) socket.Close(reason.ToDisconnectReason());
    }

    /// <summary>The reader must not wait for room any more: it is told of the end when it has stopped waiting, and that ends the sockets.</summary>
    public void OnEndedWhileHandling()
    {
        TaskCompletionSource? readOn;
        lock (_gate)
        {
            _ended = true;
            (readOn, _readOn) = (_readOn, null);
        }

        readOn?.TrySetResult();
    }

    /// <summary>How many events wait for their turn, and concurrent handlers for their end.</summary>
    internal int PendingEvents
    {
        get
        {
            lock (_gate) return _pendingEvents;
        }
    }

    /// <summary>An event waits for its turn, or a concurrent handler for its end.</summary>
    internal void AddPending(IncomingEvent incoming)
    {
        lock (_gate)
        {
            _pendingEvents++;
            _pendingBytes += incoming.Arguments.Size;
        }
    }

    internal void RemovePending(IncomingEvent incoming)
    {
        TaskCompletionSource? readOn = null;
        lock (_gate)
        {
            _pendingEvents--;
            _pendingBytes -= incoming.Arguments.Size;
            if (!IsFull) (readOn, _readOn) = (_readOn, null);
        }

        readOn?.TrySetResult();
    }

    /// <summary>Completes when the reader may take the next message: at once, unless too much waits.</summary>
    internal ValueTask ReadOn()
    {
        // Mostly nothing waits. What another thread adds at this moment counts with the next message.
        if (!IsFull) return default;
        lock (_gate)
        {
            if (!IsFull || _ended) return default;
            _readOn ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_readOn.Task);
        }
    }

    // Under the lock, or as a hint.
    private bool IsFull =>
        Volatile.Read(ref _pendingEvents) >= server.Options.MaxPendingEvents || Volatile.Read(ref _pendingBytes) >= server.Options.MaxPendingEventBytes;
}
