using System.Text.Json;
using EngineIO;
using Microsoft.Extensions.Options;
using SocketIO.Adapters;
using SocketIO.Protocol;
using SocketIO.Server;

namespace SocketIO;

/// <summary>Settings of a Socket.IO server. Read when the server is made; changes after that have no effect.</summary>
public sealed class SocketIOOptions
{
    /// <summary>Settings of the transport below.</summary>
    public EngineIOOptions Engine { get; } = new();

    /// <summary>What a client's packet may be.</summary>
    public PacketLimits Packets { get; } = new();

    /// <summary>Time a client has to join a namespace after connecting. Default 45 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>
    /// How values become JSON. Add source-generated contexts to its <c>TypeInfoResolverChain</c>. Web defaults, and stricter:
    /// a parameter of a constructor is required unless it has a default, and null is refused where the type is not nullable.
    /// </summary>
    public JsonSerializerOptions Json { get; } = PayloadJson.CreateOptions();

    /// <summary>Connection state recovery; null (the default) is off.</summary>
    public ConnectionStateRecoveryOptions? ConnectionStateRecovery { get; set; }

    /// <summary>Whether the client bundle is served beside the endpoint. Default true.</summary>
    public bool ServeClient { get; set; } = true;

    /// <summary>Makes the adapter of each namespace; null (the default) for the one in memory, with recovery when that is on.</summary>
    public Func<Namespace, IAdapter>? Adapter { get; set; }

    /// <summary>How long a client's answer is waited for where a call says nothing. Default 30 s; <see cref="Timeout.InfiniteTimeSpan"/> waits until the client goes.</summary>
    public TimeSpan AckTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Most answers of one socket that are waited for at a time. Default 1,000; asking for more throws.</summary>
    public int MaxPendingAcks { get; set; } = 1_000;

    /// <summary>
    /// Most events sent with <see cref="Server.BroadcastOperator.EmitWithAnswers{T}"/> whose time is not over, in one namespace. Default 50,000, some 10 MB;
    /// more are sent without asking for answers.
    /// </summary>
    public int MaxWatchedBroadcasts { get; set; } = 50_000;

    /// <summary>
    /// Most events of one connection that wait for their turn. Default 100. When they do, nothing more is read from the
    /// client, whose messages then wait in the network.
    /// </summary>
    public int MaxPendingEvents { get; set; } = 100;

    /// <summary>Most bytes of payload of the events of one connection that wait for their turn. Default 1,000,000.</summary>
    public long MaxPendingEventBytes { get; set; } = 1_000_000;

    /// <summary>
    /// How long the events that a lost client had already sent may take to be handled, before its socket leaves its rooms and
    /// <see cref="Socket.OnDisconnect"/> is told. Default 10 s; events whose turn has not come by then are dropped.
    /// </summary>
    public TimeSpan DisconnectDrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Most namespaces of one connection. Default 100; over it a client gets <c>connect_error</c>.</summary>
    public int MaxNamespacesPerClient { get; set; } = 100;

    /// <summary>Most rooms of one socket, its own included. Default 10,000; joining more throws.</summary>
    public int MaxRoomsPerSocket { get; set; } = 10_000;

    /// <summary>
    /// Whether a namespace that a client's wish has made is removed with its last socket. Default true (the official server's is
    /// false): otherwise clients fill the table with names. What its adapter kept for recovery goes with it.
    /// </summary>
    public bool CleanupEmptyChildNamespaces { get; set; } = true;

    /// <summary>Checks every setting.</summary>
    /// <exception cref="OptionsValidationException">One or more are wrong; the message names each and says what would be right.</exception>
    public void Validate()
    {
        var errors = FindErrors();
        if (errors.Count > 0) throw new OptionsValidationException(nameof(SocketIOOptions), typeof(SocketIOOptions), errors);
    }

    internal IReadOnlyList<string> FindErrors()
    {
        List<string> errors = [];
        Require(ConnectTimeout > TimeSpan.Zero, $"{nameof(ConnectTimeout)} must be more than zero, and is {ConnectTimeout}");
        Require(AckTimeout > TimeSpan.Zero || AckTimeout == Timeout.InfiniteTimeSpan, $"{nameof(AckTimeout)} must be more than zero or Timeout.InfiniteTimeSpan, and is {AckTimeout}");
        Require(DisconnectDrainTimeout >= TimeSpan.Zero, $"{nameof(DisconnectDrainTimeout)} must not be negative, and is {DisconnectDrainTimeout}");
        AtLeastOne(nameof(MaxPendingAcks), MaxPendingAcks);
        AtLeastOne(nameof(MaxWatchedBroadcasts), MaxWatchedBroadcasts);
        AtLeastOne(nameof(MaxPendingEvents), MaxPendingEvents);
        AtLeastOne(nameof(MaxPendingEventBytes), MaxPendingEventBytes);
        AtLeastOne(nameof(MaxNamespacesPerClient), MaxNamespacesPerClient);
        AtLeastOne(nameof(MaxRoomsPerSocket), MaxRoomsPerSocket);
        Require(Packets.MaxAttachments is >= 0 and <= 63, $"{nameof(Packets)}.{nameof(Packets.MaxAttachments)} must be 0 to 63, and is {Packets.MaxAttachments}");
        Require(Packets.MaxJsonDepth is >= 2 and <= 512, $"{nameof(Packets)}.{nameof(Packets.MaxJsonDepth)} must be 2 to 512, and is {Packets.MaxJsonDepth}");
        AtLeastOne($"{nameof(Packets)}.{nameof(Packets.MaxEventNameLength)}", Packets.MaxEventNameLength);
        AtLeastOne($"{nameof(Packets)}.{nameof(Packets.MaxNamespaceLength)}", Packets.MaxNamespaceLength);
        AtLeastOne($"{nameof(Packets)}.{nameof(Packets.MaxArguments)}", Packets.MaxArguments);
        if (ConnectionStateRecovery is { } recovery)
        {
            const string Prefix = nameof(ConnectionStateRecovery) + ".";
            Require(recovery.MaxDisconnectionDuration > TimeSpan.Zero, $"{Prefix}{nameof(recovery.MaxDisconnectionDuration)} must be more than zero, and is {recovery.MaxDisconnectionDuration}");
            AtLeastOne(Prefix + nameof(recovery.MaxSessions), recovery.MaxSessions);
            AtLeastOne(Prefix + nameof(recovery.MaxPackets), recovery.MaxPackets);
            AtLeastOne(Prefix + nameof(recovery.MaxBytes), recovery.MaxBytes);
        }

        return errors;

        void AtLeastOne(string name, long value) => Require(value >= 1, $"{name} must be at least 1, and is {value}");

        void Require(bool right, string error)
        {
            if (!right) errors.Add(error);
        }
    }
}
