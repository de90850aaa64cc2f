using System.Buffers.Binary;
using System.Net;

namespace EngineIO.Epoll;

/// <summary>Reads the system's form of an address of TCP (sockaddr_in, sockaddr_in6).</summary>
internal static class SocketAddressReader
{
    /// <summary>Bytes that the largest address takes (sockaddr_in6).</summary>
    public const int Size = 28;

    private const ushort InterNetwork = 2;
    private const ushort InterNetworkV6 = 10;

    /// <summary>The end point; null when it is none of TCP's.</summary>
    public static IPEndPoint? Read(ReadOnlySpan<byte> address)
    {
        if (address.Length < 2)
            return null;
        var family = BitConverter.ToUInt16(address);
        if (family == InterNetwork && address.Length >= 16)
            return new IPEndPoint(new IPAddress(address.Slice(4, 4)), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
        if (family == InterNetworkV6 && address.Length >= Size)
            return new IPEndPoint(new IPAddress(address.Slice(8, 16), BitConverter.ToUInt32(address[24..])), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
        return null;
    }
}
