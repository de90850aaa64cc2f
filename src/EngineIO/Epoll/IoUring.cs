using System.Runtime.InteropServices;

namespace EngineIO.Epoll;

/// <summary>A ring of Linux's io_uring (io_uring(7)), with which one system call makes many sends.</summary>
/// <remarks>
/// Threading: one thread at a time, any. Nothing is under way outside of <see cref="Submit"/>: a send that does not wait is made while it is submitted, so the ring is
/// empty before and after. The system reads the bytes until then only.
/// </remarks>
internal sealed unsafe class IoUring : IDisposable
{
    /// <summary>What is told of a send that the system has not come to.</summary>
    public const int NotTried = -Libc.TryAgain;

    private const int EntrySize = 64;
    private const int CompletionSize = 16;
    private const byte OperationSend = 26;

    // One send that cannot be begun does not hold up those behind it. Since Linux 5.18.
    private const uint SubmitAll = 1 << 7;

    // Without effect here, where nothing is under way outside of a call, but to have older systems fail with "invalid argument": since Linux 5.19.
    private const uint CooperativeWork = 1 << 8;

    private const int RingsOffset = 0;
    private const int EntriesOffset = 0x10000000;
    private const int WaitForCompletions = 1;

    private readonly int _file;
    private readonly byte* _rings;
    private readonly nuint _ringsLength;
    private readonly byte* _entries;
    private readonly nuint _entriesLength;
    private readonly uint* _submissionTail;
    private readonly uint* _completionHead;
    private readonly uint* _completionTail;
    private readonly byte* _completions;
    private readonly uint _submissionMask;
    private readonly uint _completionMask;
    private uint _tail;
    private bool _disposed;

    private IoUring(int file, in Parameters parameters)
    {
        _file = file;
        Capacity = (int)parameters.SubmissionEntries;
        _ringsLength = Math.Max(
            parameters.Submission.Array + (parameters.SubmissionEntries * sizeof(uint)),
            parameters.Completion.Entries + (parameters.CompletionEntries * CompletionSize));
        _entriesLength = parameters.SubmissionEntries * EntrySize;
        _rings = Map(file, _ringsLength, RingsOffset);
        _entries = Map(file, _entriesLength, EntriesOffset);
        if (_rings is null || _entries is null)
            return;
        _submissionTail = (uint*)(_rings + parameters.Submission.Tail);
        _submissionMask = *(uint*)(_rings + parameters.Submission.Mask);
        _completionHead = (uint*)(_rings + parameters.Completion.Head);
        _completionTail = (uint*)(_rings + parameters.Completion.Tail);
        _completionMask = *(uint*)(_rings + parameters.Completion.Mask);
        _completions = _rings + parameters.Completion.Entries;
        _tail = *_submissionTail;
        var order = (uint*)(_rings + parameters.Submission.Array);
        for (var i = 0u; i < parameters.SubmissionEntries; i++)
            order[i] = i;
    }

    /// <summary>Sends that fit.</summary>
    public int Capacity { get; }

    /// <summary>Whether the system has refused to take anything in, as a filter of system calls does that lets rings be made.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>Makes a ring. Null when there is none to be had: the system is too old, does not allow it (as in most containers), or has no file or memory for it.</summary>
    /// <param name="entries">Sends that fit, a power of two.</param>
    public static IoUring? TryCreate(int entries)
    {
        var parameters = new Parameters { Flags = SubmitAll | CooperativeWork };
        var file = (int)Libc.SystemCall(Libc.IoUringSetup, entries, (nint)(&parameters), 0, 0, 0, 0);
        if (file < 0)
            return null;
        var ring = new IoUring(file, parameters);
        if (ring._rings is not null && ring._entries is not null && !SpareFiles.AreTouchedBy(file))
            return ring;
        ring.Dispose();
        return null;
    }

    /// <summary>Notes a send that does not wait. Its bytes stay where they are until <see cref="Submit"/> has returned.</summary>
    /// <param name="index">Which one it is, counted from 0 after each <see cref="Submit"/>.</param>
    /// <param name="socket">The socket.</param>
    /// <param name="bytes">What is sent.</param>
    /// <param name="length">How much of it.</param>
    public void Prepare(int index, int socket, byte* bytes, int length)
    {
        var entry = _entries + (((_tail + (uint)index) & _submissionMask) * EntrySize);
        *(ulong*)entry = OperationSend | ((ulong)(uint)socket << 32);
        *(byte**)(entry + 16) = bytes;
        *(uint*)(entry + 24) = (uint)length;
        *(int*)(entry + 28) = Libc.NoSignal | Libc.DoNotWait;
        *(ulong*)(entry + 32) = (ulong)index;
    }

    /// <summary>Makes the sends that were noted, in their order.</summary>
    /// <param name="results">For each, the bytes that the system took, or the negative number of an error.</param>
    public void Submit(Span<int> results)
    {
        results.Fill(NotTried);
        Volatile.Write(ref *_submissionTail, _tail + (uint)results.Length);
        var submitted = (int)Libc.SystemCall(Libc.IoUringEnter, _file, results.Length, 0, 0, 0, 0);
        if (submitted < 0)
        {
            submitted = 0;
            IsRefused = Marshal.GetLastPInvokeError() is Libc.NotPermitted or Libc.NoSuchCall;
        }

        // What was not taken in is taken back: whoever asked tries it alone, and is told what is wrong.
        _tail += (uint)submitted;
        Volatile.Write(ref *_submissionTail, _tail);
        for (var left = submitted - Reap(results); left > 0; left -= Reap(results))
            _ = Libc.SystemCall(Libc.IoUringEnter, _file, 0, left, WaitForCompletions, 0, 0);
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (_rings is not null)
            _ = Libc.Unmap((nint)_rings, _ringsLength);
        if (_entries is not null)
            _ = Libc.Unmap((nint)_entries, _entriesLength);
        _ = Libc.Close(_file);
    }

    private int Reap(Span<int> results)
    {
        var head = *_completionHead;
        var tail = Volatile.Read(ref *_completionTail);
        for (var at = head; at != tail; at++)
        {
            var completion = _completions + ((at & _completionMask) * CompletionSize);
            results[(int)*(ulong*)completion] = *(int*)(completion + 8);
        }

        Volatile.Write(ref *_completionHead, tail);
        return (int)(tail - head);
    }

    private static byte* Map(int file, nuint length, nint offset)
    {
        var address = Libc.Map(null, length, Libc.ReadAndWrite, Libc.SharedAndPopulated, file, offset);
        return address == -1 ? null : (byte*)address;
    }

    /// <summary><c>struct io_uring_params</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Parameters
    {
        public uint SubmissionEntries;
        public uint CompletionEntries;
        public uint Flags;
        public uint PollThreadProcessor;
        public uint PollThreadIdle;
        public uint Features;
        public uint Workers;
        public uint Reserved0;
        public uint Reserved1;
        public uint Reserved2;
        public SubmissionOffsets Submission;
        public CompletionOffsets Completion;
    }

    /// <summary><c>struct io_sqring_offsets</c>: where in the mapped memory is what.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SubmissionOffsets
    {
        public uint Head;
        public uint Tail;
        public uint Mask;
        public uint Count;
        public uint Flags;
        public uint Dropped;
        public uint Array;
        public uint Reserved;
        public ulong UserAddress;
    }

    /// <summary><c>struct io_cqring_offsets</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CompletionOffsets
    {
        public uint Head;
        public uint Tail;
        public uint Mask;
        public uint Count;
        public uint Overflow;
        public uint Entries;
        public uint Flags;
        public uint Reserved;
        public ulong UserAddress;
    }
}
