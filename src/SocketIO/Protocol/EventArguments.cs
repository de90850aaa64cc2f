using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SocketIO.Protocol;

/// <summary>
/// The arguments of an event or an ack as they came: JSON with binary attachments put back. Immutable and thread-safe; may be
/// kept and emitted as it is.
/// </summary>
public sealed class EventArguments : PacketArguments
{
    private readonly byte[] _json;
    private readonly ArgumentRange _first;
    private readonly Parts? _parts;
    private readonly JsonSerializerOptions _options;

    /// <summary>One argument, as nearly all events have, or none if the range is empty.</summary>
    internal EventArguments(byte[] json, ArgumentRange only, JsonSerializerOptions options) => (_json, _first, _options) = (json, only, options);

    internal EventArguments(byte[] json, ArgumentRange[] ranges, ReadOnlyMemory<byte>[] attachments, JsonSerializerOptions options) =>
        (_json, _parts, _options) = (json, new Parts(ranges, attachments), options);

    /// <summary>No arguments.</summary>
    public static EventArguments Empty { get; } = new([], default(ArgumentRange), new JsonSerializerOptions());

    /// <summary>How many.</summary>
    public int Count => Ranges.Length;

    /// <summary>The binary attachments, in the order of their numbers.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Attachments => Binary;

    /// <summary>Bytes that these arguments keep in memory.</summary>
    internal int Size
    {
        get
        {
            var size = _json.Length;
            foreach (var attachment in Binary) size += attachment.Length;
            return size;
        }
    }

    private ReadOnlySpan<ArgumentRange> Ranges =>
        _parts is { } parts ? parts.Ranges : _first.Length == 0 ? default : new ReadOnlySpan<ArgumentRange>(in _first);

    private ReadOnlyMemory<byte>[] Binary => _parts?.Attachments ?? [];

    /// <summary>Makes arguments from a JSON array and its attachments, for instance those that came from another server.</summary>
    /// <param name="utf8JsonArray">The array; every attachment stands in it as <c>{"_placeholder":true,"num":0}</c>. It is copied.</param>
    /// <param name="json">How arguments are turned into values later.</param>
    /// <param name="attachments">The attachments; they are kept, not copied. At most 63.</param>
    /// <exception cref="InvalidPayloadException">It is not a JSON array, or a placeholder does not fit the attachments.</exception>
    public static EventArguments Parse(ReadOnlySpan<byte> utf8JsonArray, JsonSerializerOptions json, params ReadOnlySpan<ReadOnlyMemory<byte>> attachments)
    {
        ArgumentNullException.ThrowIfNull(json);
        if (attachments.Length > 63) throw new InvalidPayloadException("more than 63 attachments");
        try
        {
            var scanner = new ArgumentScanner(utf8JsonArray, new JsonReaderOptions().MaxDepth, attachments.Length);
            var error = scanner.Scan(names: null, 0, int.MaxValue, out _);
            return error is null
                ? scanner.Copy(attachments.ToArray(), json)
                : throw new InvalidPayloadException(error);
        }
        catch (JsonException exception)
        {
            throw new InvalidPayloadException($"the arguments are not JSON: {exception.Message}", innerException: exception);
        }
    }

    /// <summary>
    /// Argument <paramref name="index"/>, counted from 0, as <typeparamref name="T"/>. Binary parts become <c>byte[]</c> or
    /// <c>ReadOnlyMemory&lt;byte&gt;</c> wherever the type has one.
    /// </summary>
    /// <exception cref="InvalidPayloadException">It is missing, null, or does not fit; the message names the field.</exception>
    /// <exception cref="InvalidOperationException">The JSON options do not know the type; the message says how to add it.</exception>
    public T Get<T>(int index)
    {
        var ranges = Ranges;
        if ((uint)index >= (uint)ranges.Length) throw new InvalidPayloadException($"argument {index + 1} is missing");
        var range = ranges[index];
        if (range.LoneSurrogate) throw new InvalidPayloadException($"argument {index + 1} has text that is not valid Unicode");
        var type = _options.Known<T>();
        var outer = AttachmentScope.Incoming;
        AttachmentScope.Incoming = Binary;
        try
        {
            // A null would be a NullReferenceException in the handler: who wants to be told of null asks for JsonElement or Nullable<T>.
            return JsonSerializer.Deserialize(Slice(range), type) is { } value
                ? value
                : typeof(T).IsValueType ? default! : throw new InvalidPayloadException($"argument {index + 1} is null");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            throw Misfit(index, type, exception);
        }
        finally
        {
            AttachmentScope.Incoming = outer;
        }
    }

    /// <summary>Argument <paramref name="index"/>, counted from 0, as JSON; binary parts stay placeholders.</summary>
    /// <exception cref="InvalidPayloadException">It is missing, or has text that no string can hold.</exception>
    public JsonElement GetJson(int index) => Get<JsonElement>(index);

    internal override void WriteTo(Utf8JsonWriter writer)
    {
        // The numbers in the placeholders are indexes of this list: they stay right as long as these arguments are the packet's only ones.
        foreach (var range in Ranges) writer.WriteRawValue(Slice(range), skipInputValidation: true);
        AddAttachments();
    }

    /// <summary>Writes the array of these arguments alone, byte for byte as they came; attachments are left as <see cref="WriteTo"/> does.</summary>
    internal void CopyTo(IBufferWriter<byte> writer)
    {
        // Between two arguments there was a comma at least.
        var array = writer.GetSpan(_json.Length + 2);
        var length = 0;
        array[length++] = (byte)'[';
        foreach (var range in Ranges)
        {
            if (length > 1) array[length++] = (byte)',';
            Slice(range).CopyTo(array[length..]);
            length += range.Length;
        }

        array[length++] = (byte)']';
        writer.Advance(length);
        AddAttachments();
    }

    /// <summary>What these arguments look like to a receiver.</summary>
    internal static EventArguments From(PacketArguments arguments, JsonSerializerOptions options)
    {
        if (arguments is EventArguments same) return same;
        var buffer = new ArrayBufferWriter<byte>();
        var attachments = new List<ReadOnlyMemory<byte>>();
        var outer = AttachmentScope.Outgoing;
        AttachmentScope.Outgoing = attachments;
        try
        {
            using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = options.Encoder, SkipValidation = true });
            writer.WriteStartArray();
            arguments.WriteTo(writer);
            writer.WriteEndArray();
        }
        finally
        {
            AttachmentScope.Outgoing = outer;
        }

        return Parse(buffer.WrittenSpan, options, [.. attachments]);
    }

    private void AddAttachments()
    {
        if (_parts is { Attachments.Length: > 0 } parts) AttachmentScope.Outgoing?.AddRange(parts.Attachments);
    }

    private ReadOnlySpan<byte> Slice(ArgumentRange range) => _json.AsSpan(range.Start, range.Length);

    private InvalidPayloadException Misfit(int index, JsonTypeInfo type, Exception exception)
    {
        var argument = $"argument {index + 1}";
        var field = (exception as JsonException)?.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : null;
        if (field is not null)
        {
            var expected = type.Kind == JsonTypeInfoKind.Object
                ? type.Properties.FirstOrDefault(property => string.Equals(property.Name, field, StringComparison.OrdinalIgnoreCase))?.PropertyType
                : null;
            return new InvalidPayloadException($"{argument}: the field \"{field}\" {MustBe(expected)}", field, exception);
        }

        // System.Text.Json names a missing field only in a sentence about .NET types; the field itself is what the client needs to know.
        if (type.Kind == JsonTypeInfoKind.Object && JsonElement.Parse(Slice(Ranges[index])) is { ValueKind: JsonValueKind.Object } json)
        {
            foreach (var property in type.Properties)
            {
                if (property.IsRequired && !json.EnumerateObject().Any(given => string.Equals(given.Name, property.Name, StringComparison.OrdinalIgnoreCase)))
                    return new InvalidPayloadException($"{argument}: the field \"{property.Name}\" is missing", property.Name, exception);
            }
        }

        return new InvalidPayloadException($"{argument} {MustBe(type.Type, type.Kind)}", innerException: exception);
    }

    private static string MustBe(Type? type, JsonTypeInfoKind kind = JsonTypeInfoKind.None)
    {
        type = type is null ? null : Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string)) return "must be text";
        if (type == typeof(bool)) return "must be true or false";
        if (type == typeof(int) || type == typeof(long) || type == typeof(short) || type == typeof(byte) || type == typeof(uint) || type == typeof(ulong))
            return "must be a whole number in range";
        if (type == typeof(double) || type == typeof(float) || type == typeof(decimal)) return "must be a number";
        if (type == typeof(byte[]) || type == typeof(ReadOnlyMemory<byte>) || type == typeof(Memory<byte>)) return "must be binary data";
        return kind switch
        {
            JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => "must be an object",
            JsonTypeInfoKind.Enumerable => "must be a list",
            _ => "does not fit",
        };
    }

    /// <summary>What only some have: more than one argument, or attachments.</summary>
    private sealed record Parts(ArgumentRange[] Ranges, ReadOnlyMemory<byte>[] Attachments);
}
