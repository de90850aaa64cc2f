using System.Runtime.InteropServices;
using System.Text.Json;

namespace SocketIO.Protocol;

/// <summary>One packet as a client sent it, with its attachments put back. A value, so that reading one takes no memory beyond its arguments.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly struct SocketPacket
{
    private readonly string? _namespace;
    private readonly EventArguments? _arguments;

    // Boxed: a packet that has it is rare, and every other one would be copied about with room for it.
    private readonly object? _data;

    internal SocketPacket(SocketPacketType type, string ns) => (Type, _namespace) = (type, ns);

    /// <summary>Its type; the two binary types become <see cref="SocketPacketType.Event"/> and <see cref="SocketPacketType.Ack"/> once they are whole.</summary>
    public SocketPacketType Type { get; internal init; }

    /// <summary>The namespace it is for, as it was sent: <c>/</c> when it names none.</summary>
    public string Namespace => _namespace ?? "/";

    /// <summary>The number that an answer must carry, or that this answer carries; null when the event wants none.</summary>
    public long? AckId { get; internal init; }

    /// <summary>Name of the event; null for every other type.</summary>
    public string? EventName { get; internal init; }

    /// <summary>Arguments of an event or an answer; empty for every other type.</summary>
    public EventArguments Arguments
    {
        get => _arguments ?? EventArguments.Empty;
        internal init => _arguments = value;
    }

    /// <summary>What came with <see cref="SocketPacketType.Connect"/> or <see cref="SocketPacketType.ConnectError"/>; null when nothing did.</summary>
    public JsonElement? Data
    {
        get => (JsonElement?)_data;
        internal init => _data = value;
    }
}
