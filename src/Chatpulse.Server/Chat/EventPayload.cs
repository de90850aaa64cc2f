using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Chatpulse.Server.Stores;
using SocketIO.Protocol;
using SocketIO.Server;

namespace Chatpulse.Server.Chat;

/// <summary>
/// The object that a client's event carries, read field by field. What does not fit is a <see cref="ChatException"/> that names the
/// field, says what it must be and shows what came. Fields that nobody asks for are passed over; null counts as missing.
/// </summary>
/// <remarks>
/// Read by hand and not through a serializer, because a serializer's message names .NET types and byte positions, which help nobody at the
/// other end.
/// </remarks>
internal readonly struct EventPayload
{
    private const int MaxShown = 40;

    private readonly JsonElement _object;

    private EventPayload(JsonElement payload) => _object = payload;

    /// <summary>The first argument of an event, which must be an object; further arguments are passed over.</summary>
    public static EventPayload Of(IncomingEvent incoming)
    {
        if (incoming.Arguments.Count == 0)
            throw Invalid("The payload is missing: it must be an object.");
        var payload = incoming.Arguments.GetJson(0);
        return payload.ValueKind == JsonValueKind.Object
            ? new EventPayload(payload)
            : throw Invalid($"The payload must be an object, not {Show(payload)}.");
    }

    /// <summary>The event's <c>tempId</c> when it has a usable one, for an answer to an event that is wrong otherwise. Never throws.</summary>
    public static string? TempIdOf(IncomingEvent incoming)
    {
        try
        {
            var tempId = Of(incoming).OptionalText("tempId");
            return tempId?.Length is > 0 and <= StoreLimits.TempIdLength ? tempId : null;
        }
        catch (Exception unusable) when (unusable is ChatException or InvalidPayloadException)
        {
            return null;
        }
    }

    /// <summary>The text of a JSON string; false when it has lone surrogates, which no UTF-8 can carry on.</summary>
    public static bool TryGetText(JsonElement element, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = element.GetString();
            return text is not null;
        }
        catch (InvalidOperationException)
        {
            text = null;
            return false;
        }
    }

    /// <summary>An id that must be there.</summary>
    public long Id(string field) => OptionalId(field) ?? throw Missing(field);

    /// <summary>An id, or null.</summary>
    public long? OptionalId(string field)
    {
        if (!TryGet(field, out var value))
            return null;
        return ChatIds.TryRead(value, out var id) ? id : throw Invalid($"{field} {ChatIds.Rule}, not {Show(value)}.");
    }

    /// <summary>Distinct ids in the order they came, at most <paramref name="max"/> before repeats are dropped; null when the field is missing.</summary>
    public IReadOnlyList<long>? OptionalIds(string field, int max)
    {
        if (!TryGet(field, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.Array)
            throw Invalid($"{field} must be an array of ids, not {Show(value)}.");
        var count = value.GetArrayLength();
        if (count > max)
            throw new ChatException(ChatErrorCodes.TooLarge, string.Create(CultureInfo.InvariantCulture, $"{field} may hold at most {max} ids, not {count}."));
        var ids = new List<long>(count);
        var seen = new HashSet<long>(count);
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (!ChatIds.TryRead(item, out var id))
                throw Invalid(string.Create(CultureInfo.InvariantCulture, $"{field}[{index}] {ChatIds.Rule}, not {Show(item)}."));
            if (seen.Add(id))
                ids.Add(id);
            index++;
        }

        return ids;
    }

    /// <summary>Ids that must be there, at least <paramref name="min"/>; otherwise as <see cref="OptionalIds"/>.</summary>
    public IReadOnlyList<long> Ids(string field, int min, int max)
    {
        var ids = OptionalIds(field, max) ?? throw Missing(field);
        return ids.Count >= min ? ids : throw Invalid($"{field} must name at least one id.");
    }

    /// <summary>True or false, which must be there.</summary>
    public bool Boolean(string field) => OptionalBoolean(field) ?? throw Missing(field);

    /// <summary>True or false, or null.</summary>
    public bool? OptionalBoolean(string field)
    {
        if (!TryGet(field, out var value))
            return null;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Invalid($"{field} must be true or false, not {Show(value)}.");
    }

    /// <summary>A string that must be there.</summary>
    public string Text(string field) => OptionalText(field) ?? throw Missing(field);

    /// <summary>A string, or null.</summary>
    public string? OptionalText(string field)
    {
        if (!TryGet(field, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.String)
            throw Invalid($"{field} must be a string, not {Show(value)}.");
        return TryGetText(value, out var text) ? text : throw Invalid($"{field} holds half of a surrogate pair, which is not a character.");
    }

    /// <summary>A whole number in a range, or null.</summary>
    public int? OptionalInteger(string field, int min, int max)
    {
        if (!TryGet(field, out var value))
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max
            ? number
            : throw Invalid(string.Create(CultureInfo.InvariantCulture, $"{field} must be a whole number from {min} to {max}, not {Show(value)}."));
    }

    private bool TryGet(string field, out JsonElement value) =>
        _object.TryGetProperty(field, out value) && value.ValueKind != JsonValueKind.Null;

    private static string Show(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        _ when value.GetRawText() is var text && text.Length > MaxShown => string.Concat(text.AsSpan(0, MaxShown), "…"),
        _ => value.GetRawText(),
    };

    private static ChatException Missing(string field) => Invalid($"{field} is missing.");

    private static ChatException Invalid(string message) => new(ChatErrorCodes.Invalid, message);
}
