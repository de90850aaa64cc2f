using System.Text;

namespace SocketIO.Protocol;

/// <summary>Gives the same string for the same name again: clients send a few names of events and namespaces over and over.</summary>
/// <remarks>
/// Threading: any thread; every place is one reference, and whoever finds another name there takes the place over. So a client that makes names up costs others
/// at most the strings that they would have cost without it, and what is kept has a bound.
/// </remarks>
internal sealed class NameCache
{
    /// <summary>Longest name that is kept, in bytes.</summary>
    internal const int MaxLength = 64;

    private const int Places = 256;

    private readonly string?[] _names = new string?[Places];

    /// <summary>The name as a string.</summary>
    /// <param name="utf8">The name; valid UTF-8.</param>
    internal string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxLength) return Encoding.UTF8.GetString(utf8);
        ref var place = ref _names[Hash(utf8) % Places];
        var known = Volatile.Read(ref place);
        if (known is not null && Ascii.Equals(utf8, known)) return known;
        var name = Encoding.UTF8.GetString(utf8);
        Volatile.Write(ref place, name);
        return name;
    }

    // FNV-1a. Nobody needs to be kept from making names collide.
    private static uint Hash(ReadOnlySpan<byte> utf8)
    {
        var hash = 2166136261u;
        foreach (var unit in utf8) hash = (hash ^ unit) * 16777619u;
        return hash;
    }
}
