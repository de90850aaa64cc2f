using System.Text.Json;

namespace SocketIO.Protocol;

/// <summary>Walks the JSON array of an event or an answer once: finds its arguments, checks its placeholders, looks at its escapes.</summary>
internal ref struct ArgumentScanner
{
    private Utf8JsonReader _reader;
    private readonly ReadOnlySpan<byte> _json;
    private readonly int _attachments;
    private ulong _usedAttachments;

    // The arguments, counted from the first one's first byte. Nearly every packet has one: only more of them need an array.
    private int _start;
    private int _end;
    private int _count;
    private ArgumentRange _first;
    private ArgumentRange[]? _ranges;

    internal ArgumentScanner(ReadOnlySpan<byte> json, int maxDepth, int attachments)
    {
        _reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth });
        _json = json;
        _attachments = attachments;
    }

    /// <summary>
    /// Null when all is well, otherwise what is wrong. Throws <see cref="JsonException"/> for what is not JSON. With <paramref name="names"/>
    /// the first value is the event's name.
    /// </summary>
    internal string? Scan(NameCache? names, int maxEventNameLength, int maxArguments, out string? eventName)
    {
        eventName = null;
        if (!_reader.Read() || _reader.TokenType != JsonTokenType.StartArray) return "the payload is not an array";
        _reader.Read();
        if (names is not null)
        {
            if (ReadEventName(names, maxEventNameLength, out eventName) is { } error) return error;
            _reader.Read();
        }

        _start = (int)_reader.TokenStartIndex;
        for (; _reader.TokenType != JsonTokenType.EndArray; _reader.Read())
        {
            if (_count == maxArguments) return $"more than {maxArguments} arguments";
            var start = (int)_reader.TokenStartIndex;
            if (ReadValue(out var loneSurrogate) is { } error) return error;
            _end = (int)_reader.BytesConsumed;
            Add(new ArgumentRange(start - _start, _end - start, loneSurrogate));
        }

        // Reading on finds what follows the array, and refuses it.
        _reader.Read();
        if (_attachments > 0 && _usedAttachments != (1UL << _attachments) - 1) return "an attachment is not used";
        return null;
    }

    /// <summary>A copy of the arguments that were found.</summary>
    internal readonly EventArguments Copy(ReadOnlyMemory<byte>[] attachments, JsonSerializerOptions options)
    {
        if (_count == 0) return EventArguments.Empty;
        var json = _json[_start.._end].ToArray();
        return _count == 1 && attachments.Length == 0
            ? new EventArguments(json, _first, options)
            : new EventArguments(json, _count == 1 ? [_first] : _ranges.AsSpan(0, _count).ToArray(), attachments, options);
    }

    private void Add(ArgumentRange range)
    {
        if (_count == 0)
        {
            _first = range;
        }
        else
        {
            _ranges ??= [_first, default];
            if (_count == _ranges.Length) Array.Resize(ref _ranges, _count * 2);
            _ranges[_count] = range;
        }

        _count++;
    }

    private string? ReadEventName(NameCache names, int maxLength, out string? name)
    {
        name = null;
        // The official server takes a number for a name too.
        if (_reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number)) return "the event has no name";
        if (_reader.ValueSpan.Length > maxLength) return $"the event's name is longer than {maxLength} bytes";
        if (_reader.TokenType == JsonTokenType.Number)
        {
            name = names.Get(_reader.ValueSpan);
            return null;
        }

        if (_reader.ValueIsEscaped && HasLoneSurrogate(_reader.ValueSpan)) return "the event's name is not valid Unicode";
        name = _reader.ValueIsEscaped ? _reader.GetString()! : names.Get(_reader.ValueSpan);
        return ReservedEvents.Contains(name) ? $"\"{name}\" is a reserved event name" : null;
    }

    // One value, to its last token. In a binary packet every object is looked at: one with "_placeholder": true stands for an attachment.
    private string? ReadValue(out bool loneSurrogate)
    {
        loneSurrogate = false;
        var depth = _reader.CurrentDepth;
        while (true)
        {
            switch (_reader.TokenType)
            {
                case JsonTokenType.String when _reader.ValueIsEscaped:
                    loneSurrogate |= HasLoneSurrogate(_reader.ValueSpan);
                    break;
                case JsonTokenType.PropertyName:
                    if (_reader.ValueIsEscaped) loneSurrogate |= HasLoneSurrogate(_reader.ValueSpan);
                    break;
                case JsonTokenType.StartObject when _attachments > 0:
                    if (CheckPlaceholder(_reader) is { } error) return error;
                    break;
            }

            if (_reader.CurrentDepth == depth && _reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return null;
            _reader.Read();
        }
    }

    // Looks ahead on a copy of the reader, and only at scalar members, so that nested objects are not read twice at every level:
    // a placeholder's own members come first or it is not what an encoder writes.
    private string? CheckPlaceholder(Utf8JsonReader reader)
    {
        var placeholder = false;
        long number = -1;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isPlaceholder = !reader.ValueIsEscaped && reader.ValueSpan.SequenceEqual("_placeholder"u8);
            var isNumber = !reader.ValueIsEscaped && reader.ValueSpan.SequenceEqual("num"u8);
            reader.Read();
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) break;
            if (isPlaceholder) placeholder = reader.TokenType == JsonTokenType.True;
            if (isNumber && (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out number))) number = -1;
        }

        if (!placeholder) return null;
        if (number < 0 || number >= _attachments) return "a placeholder names an attachment that is not there";
        _usedAttachments |= 1UL << (int)number;
        return null;
    }

    /// <summary>Whether the escaped text has a <c>\u</c> escape of half a surrogate pair.</summary>
    internal static bool HasLoneSurrogate(ReadOnlySpan<byte> escaped)
    {
        var high = false;
        for (var i = 0; i < escaped.Length; i++)
        {
            var isEscape = escaped[i] == (byte)'\\' && i + 1 < escaped.Length;
            if (!isEscape || escaped[i + 1] != (byte)'u' || i + 5 >= escaped.Length)
            {
                if (high) return true;
                if (isEscape) i++;
                continue;
            }

            var unit = HexUnit(escaped.Slice(i + 2, 4));
            i += 5;
            if (char.IsLowSurrogate((char)unit))
            {
                if (!high) return true;
                high = false;
                continue;
            }

            if (high) return true;
            high = char.IsHighSurrogate((char)unit);
        }

        return high;
    }

    private static int HexUnit(ReadOnlySpan<byte> digits) =>
        int.TryParse(digits, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out var unit) ? unit : 0;
}
