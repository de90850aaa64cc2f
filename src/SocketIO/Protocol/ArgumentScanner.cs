using System.Text.Json;

namespace SocketIO.Protocol;

/// <summary>Walks the JSON array of an event or an answer once: finds its arguments, checks its placeholders, looks at its escapes.</summary>
internal ref struct ArgumentScanner
{
    private Utf8JsonReader _reader;
    private readonly int _attachments;
    private ulong _usedAttachments;

    internal ArgumentScanner(ReadOnlySpan<byte> json, int maxDepth, int attachments)
    {
        _reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth });
        _attachments = attachments;
    }

    /// <summary>Null when all is well, otherwise what is wrong. Throws <see cref="JsonException"/> for what is not JSON.</summary>
    internal string? Scan(bool hasEventName, int maxEventNameLength, int maxArguments, out string? eventName, out ArgumentRange[] arguments)
    {
        eventName = null;
        arguments = [];
        if (!_reader.Read() || _reader.TokenType != JsonTokenType.StartArray) return "the payload is not an array";
        _reader.Read();
        if (hasEventName)
        {
            if (ReadEventName(maxEventNameLength, out eventName) is { } error) return error;
            _reader.Read();
        }

        // Nearly every packet has one argument.
        var ranges = new ArgumentRange[1];
        var count = 0;
        for (; _reader.TokenType != JsonTokenType.EndArray; _reader.Read())
        {
            if (count == maxArguments) return $"more than {maxArguments} arguments";
            if (count == ranges.Length) Array.Resize(ref ranges, count * 2);
            var start = (int)_reader.TokenStartIndex;
            if (ReadValue(out var loneSurrogate) is { } error) return error;
            ranges[count++] = new ArgumentRange(start, (int)_reader.BytesConsumed - start, loneSurrogate);
        }

        // Reading on finds what follows the array, and refuses it.
        _reader.Read();
        if (_attachments > 0 && _usedAttachments != (1UL << _attachments) - 1) return "an attachment is not used";
        if (count != ranges.Length) Array.Resize(ref ranges, count);
        arguments = ranges;
        return null;
    }

    private string? ReadEventName(int maxLength, out string? name)
    {
        name = null;
        // The official server takes a number for a name too.
        if (_reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number)) return "the event has no name";
        if (_reader.ValueSpan.Length > maxLength) return $"the event's name is longer than {maxLength} bytes";
        if (_reader.TokenType == JsonTokenType.Number)
        {
            name = System.Text.Encoding.UTF8.GetString(_reader.ValueSpan);
            return null;
        }

        if (_reader.ValueIsEscaped && HasLoneSurrogate(_reader.ValueSpan)) return "the event's name is not valid Unicode";
        name = _reader.GetString()!;
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
