using System.Collections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace EngineIO.Sessions;

/// <summary>Headers of a request that has ended, in an array: every idle session has them, and a dictionary of them is half of a kilobyte. Read-only.</summary>
internal sealed class HandshakeHeaders(KeyValuePair<string, StringValues>[] headers) : IHeaderDictionary
{
    public int Count => headers.Length;

    public bool IsReadOnly => true;

    public ICollection<string> Keys => Array.ConvertAll(headers, static header => header.Key);

    public ICollection<StringValues> Values => Array.ConvertAll(headers, static header => header.Value);

    public long? ContentLength
    {
        get => HeaderUtilities.TryParseNonNegativeInt64(this[HeaderNames.ContentLength].ToString(), out var length) ? length : null;
        set => throw ReadOnly();
    }

    public StringValues this[string key]
    {
        get => TryGetValue(key, out var value) ? value : StringValues.Empty;
        set => throw ReadOnly();
    }

    StringValues IDictionary<string, StringValues>.this[string key]
    {
        get => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"The request had no header {key}.");
        set => throw ReadOnly();
    }

    public bool TryGetValue(string key, out StringValues value)
    {
        foreach (var header in headers)
        {
            if (!string.Equals(header.Key, key, StringComparison.OrdinalIgnoreCase))
                continue;
            value = header.Value;
            return true;
        }

        value = default;
        return false;
    }

    public bool ContainsKey(string key) => TryGetValue(key, out _);

    public bool Contains(KeyValuePair<string, StringValues> item) => TryGetValue(item.Key, out var value) && value.Equals(item.Value);

    public void CopyTo(KeyValuePair<string, StringValues>[] array, int arrayIndex) => headers.CopyTo(array, arrayIndex);

    public IEnumerator<KeyValuePair<string, StringValues>> GetEnumerator() => headers.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => headers.GetEnumerator();

    public void Add(string key, StringValues value) => throw ReadOnly();

    public void Add(KeyValuePair<string, StringValues> item) => throw ReadOnly();

    public bool Remove(string key) => throw ReadOnly();

    public bool Remove(KeyValuePair<string, StringValues> item) => throw ReadOnly();

    public void Clear() => throw ReadOnly();

    private static NotSupportedException ReadOnly() => new("The headers of a handshake cannot be changed: the request has ended.");
}
