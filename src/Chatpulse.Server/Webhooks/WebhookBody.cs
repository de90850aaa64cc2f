using System.Globalization;
using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Webhooks;

/// <summary>The fields of a webhook's body, read as WordPress sends them: ids as numbers or digits, lists as arrays or objects.</summary>
internal readonly struct WebhookBody(JsonElement body)
{
    private const int MaxIds = 1000;
    private const int MaxPeople = StoreLimits.Contacts;

    /// <summary>An object.</summary>
    /// <exception cref="WebhookException">It is missing, or none.</exception>
    public JsonElement Object(string name) => Field(name) is { ValueKind: JsonValueKind.Object } value ? value : throw Wrong(name, "must be an object");

    /// <summary>An object, or null when it is missing or none.</summary>
    public JsonElement? OptionalObject(string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    /// <summary>A positive id.</summary>
    /// <exception cref="WebhookException">It is missing, or none.</exception>
    public long Id(string name) => ChatIds.TryRead(Field(name), out var id) ? id : throw Wrong(name, ChatIds.Rule);

    /// <summary>1 to 1,000 ids, each once: PHP makes an object of an array that has gaps.</summary>
    /// <exception cref="WebhookException">They are missing, or not that.</exception>
    public IReadOnlyList<long> Ids(string name) =>
        Ids(name, Field(name), MaxIds) is { Count: > 0 } ids ? ids : throw Wrong(name, "must not be empty");

    /// <summary>The ids of 0 to 10,000 people, each once; none when the field is missing.</summary>
    /// <exception cref="WebhookException">They are not that.</exception>
    public IReadOnlyList<long> People(string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? Ids(name, value, MaxPeople) : [];

    /// <summary>A text, or null when it is missing or null.</summary>
    /// <exception cref="WebhookException">It is something else.</exception>
    public string? OptionalText(string name)
    {
        if (!body.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "must be a string or null");
    }

    private static List<long> Ids(string name, JsonElement value, int max)
    {
        IEnumerable<JsonElement> elements = value.ValueKind switch
        {
            JsonValueKind.Array => value.EnumerateArray(),
            JsonValueKind.Object => value.EnumerateObject().Select(member => member.Value),
            _ => throw Wrong(name, "must be an array of ids"),
        };

        var ids = new HashSet<long>();
        foreach (var element in elements)
        {
            if (!ChatIds.TryRead(element, out var id))
                throw Wrong(name, "must have positive integers only");
            if (ids.Add(id) && ids.Count > max)
                throw Wrong(name, string.Create(CultureInfo.InvariantCulture, $"must be at most {max} ids"));
        }

        return [.. ids];
    }

    private static WebhookException Wrong(string name, string reason) => new($"{name} {reason}.");

    private JsonElement Field(string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : throw new WebhookException($"{name} is missing.");
}
