using System.Runtime.InteropServices;

namespace EngineIO.Transports;

/// <summary>Where the payload of one packet lies in an <see cref="OutboundMessage"/>. A text payload begins with the packet's type digit.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PacketSlice(int Start, int Length, bool Binary)
{
    /// <summary>The opcode of its WebSocket frame.</summary>
    public byte Opcode => Binary ? WebSocketFrame.Binary : WebSocketFrame.Text;
}
