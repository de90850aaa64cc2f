using System.Globalization;
using System.Text.Json;
using Chatpulse.Server.Chat;
using Microsoft.Extensions.Primitives;

namespace Chatpulse.Server.Rest;

/// <summary>
/// The parameters of one call, wherever the caller put them: in a JSON body, in a form, or in the query; the body wins, as in
/// WordPress. Reading a parameter checks it; what is missing or wrong is collected, so that <see cref="ThrowIfWrong"/> can name
/// all of it in one answer. A JSON <c>null</c> is a parameter that is not there. Ids come from the path alone and never from here
/// where the path has them.
/// </summary>
/// <remarks>Used by one request, never by two threads.</remarks>
internal sealed class RestParameters : IDisposable
{
    /// <summary>The longest body of a call that carries no file. 10,000 characters, every one escaped, are 60,000 bytes.</summary>
    public const int MaxBodyBytes = 256 * 1024;

    private readonly IQueryCollection query;
    private readonly IFormCollection? form;
    private readonly JsonDocument? document;
    private List<string>? missing;
    private Dictionary<string, string>? invalid;

    private RestParameters(IQueryCollection query, IFormCollection? form, JsonDocument? document)
    {
        this.query = query;
        this.form = form;
        this.document = document;
    }

    /// <summary>Reads the query and, unless <paramref name="readBody"/> is false, the body. A body that is neither JSON nor a form has no parameters.</summary>
    /// <exception cref="RestException">The body says that it is JSON, or a form, and is not.</exception>
    /// <exception cref="BadHttpRequestException">413: it is longer than <see cref="MaxBodyBytes"/>.</exception>
    public static async ValueTask<RestParameters> ReadAsync(HttpRequest request, bool readBody, CancellationToken cancellationToken)
    {
        if (!readBody || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            return new RestParameters(request.Query, form: null, document: null);

        if (request.HasJsonContentType())
            return new RestParameters(request.Query, form: null, await ReadJsonAsync(request, cancellationToken));

        if (!request.HasFormContentType)
            return new RestParameters(request.Query, form: null, document: null);

        // The form reader has no limit for the whole: it gets a body that has kept to ours.
        var body = await RequestBody.ReadAsync(request, MaxBodyBytes, cancellationToken);
        request.Body = new MemoryStream(body, writable: false);
        try
        {
            return new RestParameters(request.Query, await request.ReadFormAsync(cancellationToken), document: null);
        }
        catch (InvalidDataException notAForm)
        {
            throw new RestException(StatusCodes.Status400BadRequest, "rest_invalid_form", "Invalid form body passed: " + notAForm.Message, notAForm);
        }
    }

    /// <summary>Text; <paramref name="check"/> answers what is wrong with it, or null.</summary>
    public string Text(string name, string? fallback = null, Func<string, string?>? check = null)
    {
        if (Json(name) is { } value)
        {
            if (value.ValueKind == JsonValueKind.String)
                return Checked(name, value.GetString()!, check);
            return Wrong(name, "must be a string", "");
        }

        if (Written(name) is { } text)
            return Checked(name, text, check);
        return fallback ?? Lacking(name, "");
    }

    /// <summary>Text that may be left out.</summary>
    public string? OptionalText(string name, Func<string, string?>? check = null) => Has(name) ? Text(name, check: check) : null;

    /// <summary>A positive id, as a number or in decimal digits, or 0 where <paramref name="zero"/> allows it; null when it is left out.</summary>
    public long? OptionalId(string name, bool zero = false)
    {
        if (!Has(name))
            return null;
        if (Json(name) is { } value ? ChatIds.TryRead(value, out var id) : ChatIds.TryRead(Written(name), out id))
            return id;
        if (zero && (Json(name)?.ToString() ?? Written(name)) is "0")
            return 0;
        return Wrong<long?>(name, ChatIds.Rule, null);
    }

    /// <summary>A whole number within limits.</summary>
    public int Integer(string name, int fallback, int min, int max)
    {
        if (!Has(name))
            return fallback;
        var number = 0;
        var read = Json(name) is { } value
            ? (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out number)) || (value.ValueKind == JsonValueKind.String && TryReadInteger(value.GetString(), out number))
            : TryReadInteger(Written(name), out number);
        return read && number >= min && number <= max
            ? number
            : Wrong(name, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {min} to {max}"), fallback);
    }

    /// <summary>Yes or no, in the spellings that WordPress takes: a boolean, 0 and 1, or their text.</summary>
    public bool Flag(string name)
    {
        if (!Has(name))
            return Lacking(name, false);

        var text = Json(name) is { } value
            ? value.ValueKind is JsonValueKind.String ? value.GetString() : value.GetRawText()
            : Written(name);
        return text?.ToLowerInvariant() switch
        {
            "true" or "1" => true,
            "false" or "0" => false,
            _ => Wrong(name, "must be true or false", false),
        };
    }

    /// <summary>
    /// Ids in a JSON array, or repeated as <c>name[]</c> or <c>name[0]</c>; where <paramref name="alsoPlain"/> allows it, also one
    /// id or several with commas between. Null when the parameter is not there. Each id is answered once, in the order given.
    /// </summary>
    public IReadOnlyList<long>? Ids(string name, int max, bool alsoPlain = false)
    {
        var ids = new List<long>();
        var seen = new HashSet<long>();
        if (Json(name) is { } value)
        {
            if (value.ValueKind == JsonValueKind.Array)
            {
                foreach (var element in value.EnumerateArray())
                {
                    if (!ChatIds.TryRead(element, out var id))
                        return WrongIds(name);
                    if (seen.Add(id))
                        ids.Add(id);
                }
            }
            else if (!alsoPlain || !AddPlain(value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText()))
            {
                return WrongIds(name);
            }
        }
        else if (WrittenList(name) is { } texts)
        {
            foreach (var text in texts)
            {
                if (!ChatIds.TryRead(text, out var id))
                    return WrongIds(name);
                if (seen.Add(id))
                    ids.Add(id);
            }
        }
        else if (Written(name) is { } text)
        {
            if (!alsoPlain || !AddPlain(text))
                return WrongIds(name);
        }
        else
        {
            return null;
        }

        return ids.Count <= max ? ids : Wrong<IReadOnlyList<long>>(name, string.Create(CultureInfo.InvariantCulture, $"must be at most {max} ids"), []);

        bool AddPlain(string list)
        {
            if (list.Length == 0)
                return true;
            foreach (var part in list.AsSpan().Split(','))
            {
                if (!ChatIds.TryRead(list.AsSpan()[part].Trim(), out var id))
                    return false;
                if (seen.Add(id))
                    ids.Add(id);
            }

            return true;
        }
    }

    /// <summary>Whether the parameter was given at all.</summary>
    public bool Has(string name) => Json(name) is not null || Written(name) is not null || WrittenList(name) is not null;

    /// <summary>Says that a parameter is missing.</summary>
    public void Lack(string name) => (missing ??= []).Add(name);

    /// <summary>Says that a parameter, well-formed by itself, will not do; the reason goes on from its name.</summary>
    public void Refuse(string name, string reason) => (invalid ??= new(StringComparer.Ordinal)).TryAdd(name, $"{name} {reason}.");

    /// <summary>Holds a parameter to the chat's own rules, which throw what is wrong with it.</summary>
    public void Check(string name, Action rule)
    {
        try
        {
            rule();
        }
        catch (ChatException refusal)
        {
            (invalid ??= new(StringComparer.Ordinal)).TryAdd(name, refusal.Message);
        }
    }

    /// <summary>Says what was missing, or else what was wrong, in one answer.</summary>
    /// <exception cref="RestException">Something was.</exception>
    public void ThrowIfWrong()
    {
        if (missing is not null)
            throw RestException.Missing(missing);
        if (invalid is not null)
            throw RestException.Invalid(invalid);
    }

    /// <inheritdoc />
    public void Dispose() => document?.Dispose();

    private static async ValueTask<JsonDocument?> ReadJsonAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await RequestBody.ReadAsync(request, MaxBodyBytes, cancellationToken);
        if (body.Length == 0)
            return null;

        JsonDocument parsed;
        try
        {
            parsed = RequestBody.Parse(body);
        }
        catch (JsonException notJson)
        {
            throw RestException.InvalidJson(notJson.Message);
        }

        // PHP writes an object without members as an empty array.
        if (parsed.RootElement.ValueKind == JsonValueKind.Object
            || (parsed.RootElement.ValueKind == JsonValueKind.Array && parsed.RootElement.GetArrayLength() == 0))
        {
            return parsed;
        }

        parsed.Dispose();
        throw RestException.InvalidJson("The body must be an object");
    }

    private static bool TryReadInteger(string? text, out int number) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    private JsonElement? Json(string name) =>
        document?.RootElement is { ValueKind: JsonValueKind.Object } body && body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    private string? Written(string name) => Last(name) is { Count: > 0 } values ? values[^1] : null;

    private StringValues Last(string name) =>
        form is not null && form.TryGetValue(name, out var values) ? values
        : query.TryGetValue(name, out values) ? values
        : StringValues.Empty;

    private List<string>? WrittenList(string name)
    {
        var repeated = Last(name + "[]");
        if (repeated.Count > 0)
            return [.. repeated.Select(text => text ?? "")];

        List<string>? texts = null;
        for (var index = 0; Written(string.Create(CultureInfo.InvariantCulture, $"{name}[{index}]")) is { } text; index++)
            (texts ??= []).Add(text);
        return texts;
    }

    private string Checked(string name, string text, Func<string, string?>? check) =>
        check?.Invoke(text) is { } reason ? Wrong(name, reason, text) : text;

    private IReadOnlyList<long> WrongIds(string name) => Wrong<IReadOnlyList<long>>(name, "must be an array of positive integers", []);

    private T Wrong<T>(string name, string reason, T fallback)
    {
        Refuse(name, reason);
        return fallback;
    }

    private T Lacking<T>(string name, T fallback)
    {
        Lack(name);
        return fallback;
    }
}
