namespace EngineIO.Sessions;

/// <summary>
/// Short strings that came lately, so that what most clients say alike (<c>Host</c>, <c>User-Agent</c>, the URL) is held once and not once for each of them.
/// </summary>
/// <remarks>
/// Threading: any thread. Two that write one place at the same time cost one of them its sharing and nothing else. What it holds is bounded, whatever clients send: a string takes
/// the place of an earlier one, and long ones, which nobody shares, are not held at all.
/// </remarks>
internal sealed class RecentStrings
{
    private const int Places = 256;
    private const int MaxLength = 256;

    private readonly string?[] _recent = new string?[Places];

    /// <summary>The same text: an earlier string of it if one is held.</summary>
    public string Share(string text)
    {
        if (text.Length is 0 or > MaxLength)
            return text;

        // Of the runtime's hash, which is another one in every process: nobody can choose texts that meet in one place.
        ref var place = ref _recent[(uint)text.GetHashCode(StringComparison.Ordinal) % Places];
        if (place is { } earlier && string.Equals(earlier, text, StringComparison.Ordinal))
            return earlier;
        place = text;
        return text;
    }
}
