using System.Runtime.InteropServices;

namespace SocketIO.Protocol;

/// <summary>Where an argument is in the JSON of its packet. Eight bytes: nearly all arguments keep theirs in place.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct ArgumentRange
{
    private const int LoneSurrogateBit = int.MinValue;

    private readonly int _lengthAndFlag;

    /// <param name="start">First byte.</param>
    /// <param name="length">Length in bytes; no JSON value has none.</param>
    /// <param name="loneSurrogate">Whether some text in it has half of a surrogate pair.</param>
    internal ArgumentRange(int start, int length, bool loneSurrogate) =>
        (Start, _lengthAndFlag) = (start, length | (loneSurrogate ? LoneSurrogateBit : 0));

    /// <summary>First byte.</summary>
    internal int Start { get; }

    /// <summary>Length in bytes; 0 only where there is no argument.</summary>
    internal int Length => _lengthAndFlag & ~LoneSurrogateBit;

    /// <summary>Whether some text in it has half of a surrogate pair: JSON allows the escape, a .NET string of it cannot be made.</summary>
    internal bool LoneSurrogate => _lengthAndFlag < 0;
}
