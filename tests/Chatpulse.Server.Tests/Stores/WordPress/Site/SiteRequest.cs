using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>
/// A request to a REST route: the parameters of its path, query and body as one table, checked in WordPress's order: the body is JSON, nothing is
/// missing, nothing is wrong; only then who calls.
/// </summary>
internal sealed class SiteRequest
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, JsonNode?> _parameters = new(StringComparer.Ordinal);
    private readonly List<string> _missing = [];
    private readonly List<string> _invalid = [];
    private SiteRefusal? _badBody;

    private SiteRequest(string method, string path, IHeaderDictionary headers) => (Method, Path, Headers) = (method, path, headers);

    public string Method { get; }

    /// <summary>Below <c>/wp-json</c>.</summary>
    public string Path { get; }

    public IHeaderDictionary Headers { get; }

    /// <summary>The file of a multipart body.</summary>
    public IFormFile? File { get; private set; }

    public static async Task<SiteRequest> ReadAsync(HttpRequest request, byte[] body)
    {
        var read = new SiteRequest(request.Method, request.Path.Value ?? "/", request.Headers);
        foreach (var (name, values) in request.Query)
        {
            if (name.EndsWith("[]", StringComparison.Ordinal))
                read._parameters[name[..^2]] = new JsonArray([.. values.Select(v => (JsonNode?)v)]);
            else
                read._parameters[name] = values[^1];
        }

        if (request.HasFormContentType)
        {
            request.Body = new MemoryStream(body);
            var form = await request.ReadFormAsync();
            foreach (var (name, values) in form)
                read._parameters[name] = values[^1];
            read.File = form.Files.GetFile("file");
        }
        else if (body.Length > 0 && request.HasJsonContentType())
        {
            read.ReadJson(body);
        }

        return read;
    }

    /// <summary>The parameters of one part of a request's body.</summary>
    public static SiteRequest Of(JsonObject parameters)
    {
        var request = new SiteRequest("POST", "/", new HeaderDictionary());
        foreach (var (name, value) in parameters)
            request._parameters[name] = value;
        return request;
    }

    /// <summary>A parameter that stands in the path.</summary>
    public void Add(string name, string value) => _parameters[name] = value;

    public bool Has(string name) => _parameters.ContainsKey(name);

    public SiteRequest Require(string name)
    {
        // As with PHP's isset, null is as good as nothing.
        if (!_parameters.TryGetValue(name, out var value) || value is null)
            _missing.Add(name);
        return this;
    }

    /// <summary>Notes a parameter that is there and does not fit.</summary>
    public SiteRequest Check(string name, Func<JsonNode, bool> fits)
    {
        if (_parameters.TryGetValue(name, out var value) && value is not null && !fits(value))
            _invalid.Add(name);
        return this;
    }

    public SiteRequest CheckInteger(string name, long least, long most = long.MaxValue) =>
        Check(name, value => AsInteger(value) is { } number && number >= least && number <= most);

    public SiteRequest CheckList(string name) => Check(name, value => value is JsonArray);

    /// <summary>Throws what is wrong, if anything is.</summary>
    public void ThrowIfInvalid()
    {
        if (_badBody is not null)
            throw _badBody;
        if (_missing.Count > 0)
            throw SiteRefusal.Missing(_missing);
        if (_invalid.Count > 0)
            throw SiteRefusal.Invalid(_invalid);
    }

    public JsonNode? Value(string name) => _parameters.GetValueOrDefault(name);

    public string? Text(string name) => Value(name) is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public long? Integer(string name) => Value(name) is { } value ? AsInteger(value) : null;

    public int Integer(string name, int otherwise) => (int)(Integer(name) ?? otherwise);

    public bool Flag(string name) => Value(name) is { } value && IsTrue(value);

    /// <summary>Ids; a single one, or several with commas, count as a list, as they do for WordPress.</summary>
    public IReadOnlyList<long> Ids(string name) => Value(name) switch
    {
        JsonArray list => [.. list.Select(item => item is null ? null : AsInteger(item)).OfType<long>()],
        JsonValue value when value.TryGetValue<string>(out var text) =>
            [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(part => long.Parse(part, CultureInfo.InvariantCulture))],
        JsonValue value when AsInteger(value) is { } id => [id],
        _ => [],
    };

    public static long? AsInteger(JsonNode value) => value is not JsonValue scalar ? null
        : scalar.TryGetValue<long>(out var number) ? number
        : scalar.TryGetValue<string>(out var text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number) ? number
        : null;

    public static bool IsFlag(JsonNode value) => value is JsonValue scalar
        && (scalar.TryGetValue<bool>(out _) || (scalar.TryGetValue<string>(out var text) && text is "true" or "false" or "0" or "1"));

    private static bool IsTrue(JsonNode value) => value is JsonValue scalar
        && ((scalar.TryGetValue<bool>(out var flag) && flag) || (scalar.TryGetValue<string>(out var text) && text is "true" or "1"));

    private void ReadJson(byte[] body)
    {
        try
        {
            if (JsonNode.Parse(StrictUtf8.GetString(body)) is not JsonObject json)
                return;
            foreach (var (name, value) in json)
            {
                // Reading a string finds out whether its escapes make text.
                if (value is JsonValue scalar && scalar.GetValueKind() == JsonValueKind.String)
                    _ = scalar.GetValue<string>();
                _parameters[name] = value?.DeepClone();
            }
        }
        catch (Exception wrong) when (wrong is JsonException or DecoderFallbackException or InvalidOperationException)
        {
            _badBody = new SiteRefusal(400, "rest_invalid_json", "Invalid JSON body passed.");
        }
    }
}
