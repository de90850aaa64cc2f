using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EngineIO.Epoll;

namespace EngineIO.Tests.Epoll;

/// <summary>Many sends in one system call, on sockets alone.</summary>
public sealed unsafe class IoUringTests : IDisposable
{
    private const int BrokenPipe = -32;
    private const int BadFile = -9;

    private readonly List<Socket> _sockets = [];
    private readonly byte* _bytes = (byte*)NativeMemory.Alloc(1024 * 1024);

    public IoUringTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "io_uring is Linux's");

    [Fact]
    public void Each_send_has_its_own_result()
    {
        using var ring = Ring(64);
        var (first, firstPeer) = Pair();
        var (full, _) = Pair();
        var (gone, gonePeer) = Pair();
        var (last, lastPeer) = Pair();
        full.Blocking = false;
        var chunk = new byte[64 * 1024];
        while (TrySend(full, chunk))
        {
        }

        gonePeer.Dispose();
        while (TrySend(gone, chunk))
        {
        }

        "one two three"u8.CopyTo(new Span<byte>(_bytes, 100));
        ring.Prepare(0, File(first), _bytes, 3);
        ring.Prepare(1, File(full), _bytes, 3);
        ring.Prepare(2, 1_000_000, _bytes, 3);
        ring.Prepare(3, File(gone), _bytes, 3);
        ring.Prepare(4, File(last), _bytes + 4, 3);
        var results = new int[5];
        ring.Submit(results);
        results.ShouldBe([3, IoUring.NotTried, BadFile, BrokenPipe, 3]);
        Receive(firstPeer).ShouldBe("one");
        Receive(lastPeer).ShouldBe("two");

        // It is empty again, and what was asked for before has left nothing behind.
        ring.Prepare(0, File(last), _bytes + 8, 5);
        ring.Submit(results.AsSpan(0, 1));
        results[0].ShouldBe(5);
        Receive(lastPeer).ShouldBe("three");
    }

    [Fact]
    public void Send_that_finds_too_little_room_sends_a_part()
    {
        using var ring = Ring(8);
        var (socket, peer) = Pair();
        socket.SendBufferSize = 64 * 1024;
        ring.Prepare(0, File(socket), _bytes, 1024 * 1024);
        var results = new int[1];
        ring.Submit(results);
        results[0].ShouldBeInRange(1, (1024 * 1024) - 1);
        socket.Shutdown(SocketShutdown.Send);
        var received = 0;
        var buffer = new byte[64 * 1024];
        while (peer.Receive(buffer) is > 0 and var count)
            received += count;
        received.ShouldBe(results[0]);
    }

    [Fact]
    public void Ring_goes_round_without_end_at_its_capacity()
    {
        using var ring = Ring(16);
        var (socket, peer) = Pair();
        var results = new int[ring.Capacity];
        var expected = Enumerable.Repeat(1, ring.Capacity).ToArray();
        for (var round = 0; round < 100; round++)
        {
            for (var i = 0; i < ring.Capacity; i++)
            {
                _bytes[i] = (byte)('a' + i);
                ring.Prepare(i, File(socket), _bytes + i, 1);
            }

            ring.Submit(results);
            results.ShouldBe(expected);
            Receive(peer, ring.Capacity).ShouldBe("abcdefghijklmnop");
        }
    }

    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
        NativeMemory.Free(_bytes);
    }

    // Where the system allows none, the loops do without: EpollBatchTests has what they then do.
    private static IoUring Ring(int entries)
    {
        var ring = IoUring.TryCreate(entries);
        Assert.SkipWhen(ring is null, "the system allows no io_uring");
        ring.Capacity.ShouldBe(entries);
        return ring;
    }

    private static int File(Socket socket) => (int)socket.SafeHandle.DangerousGetHandle();

    private static string Receive(Socket socket, int length = 0)
    {
        var buffer = new byte[100];
        var received = 0;
        do
        {
            received += socket.Receive(buffer.AsSpan(received));
        }
        while (received < length);
        return System.Text.Encoding.ASCII.GetString(buffer, 0, received);
    }

    private static bool TrySend(Socket socket, byte[] chunk)
    {
        socket.Send(chunk, 0, chunk.Length, SocketFlags.None, out var error);
        return error == SocketError.Success;
    }

    private (Socket Socket, Socket Peer) Pair()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _sockets.Add(socket);
        socket.Connect(listener.LocalEndPoint!);
        var peer = listener.Accept();
        _sockets.Add(peer);
        return (socket, peer);
    }
}
