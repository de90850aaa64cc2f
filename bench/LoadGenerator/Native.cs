using System.Runtime.InteropServices;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace LoadGenerator;

/// <summary>The system calls of a single-threaded client on Linux. Each answers -1 for an error, which <see cref="Marshal.GetLastPInvokeError"/> names.</summary>
internal static unsafe partial class Native
{
    public const int AddressFamilyInet = 2;
    public const int StreamNonBlockingCloseOnExec = 1 | 0x800 | 0x80000;

    public const int SocketLevel = 1;
    public const int OptionError = 4;
    public const int OptionReceiveBuffer = 8;
    public const int OptionLinger = 13;
    public const int TcpLevel = 6;
    public const int OptionNoDelay = 1;
    public const int IpLevel = 0;
    public const int OptionBindAddressNoPort = 24;

    public const int EpollAdd = 1;
    public const int EpollRemove = 2;
    public const int EpollModify = 3;
    public const uint Readable = 1;
    public const uint Writable = 4;
    public const uint Failed = 8;
    public const uint HungUp = 16;

    public const int NoSignal = 0x4000;

    public const int TryAgain = 11;
    public const int Interrupted = 4;
    public const int InProgress = 115;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int CreateSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int descriptor, SocketAddress* address, uint length);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    public static partial int Connect(int descriptor, SocketAddress* address, uint length);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetOption(int descriptor, int level, int name, void* value, uint length);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int GetOption(int descriptor, int level, int name, void* value, uint* length);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* epollEvent);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* events, int most, int timeoutMilliseconds);

    public static void Check(int result, string what)
    {
        if (result < 0) throw new LoadException($"{what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    public static void SetOption(int descriptor, int level, int name, int value) =>
        Check(SetOption(descriptor, level, name, &value, sizeof(int)), "setsockopt");

    /// <summary><c>struct sockaddr_in</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SocketAddress
    {
        public ushort Family;
        public ushort PortBigEndian;
        public uint AddressBigEndian;
        public ulong Zero;

        /// <summary>127.0.<paramref name="third"/>.<paramref name="fourth"/>.</summary>
        public static SocketAddress Loopback(int third, int fourth, int port) => new()
        {
            Family = AddressFamilyInet,
            PortBigEndian = BitConverter.IsLittleEndian ? System.Buffers.Binary.BinaryPrimitives.ReverseEndianness((ushort)port) : (ushort)port,
            AddressBigEndian = BitConverter.ToUInt32([127, 0, (byte)third, (byte)fourth]),
        };
    }

    /// <summary><c>struct epoll_event</c>: packed on x86-64, aligned elsewhere.</summary>
    public static class EpollEvent
    {
        private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;

        public static readonly int Size = Packed ? 12 : 16;

        private static readonly int DataOffset = Packed ? 4 : 8;

        public static void Write(byte* at, uint events, int descriptor)
        {
            *(uint*)at = events;
            *(int*)(at + DataOffset) = descriptor;
        }

        public static (uint Events, int Descriptor) Read(byte* at) => (*(uint*)at, *(int*)(at + DataOffset));
    }
}
