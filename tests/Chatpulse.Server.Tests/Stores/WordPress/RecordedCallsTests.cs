using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Chatpulse.Server.Tests.Stores.WordPress.Site;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>
/// Holds the scripted site to a real one: every call of <c>tests/WordPress/vectors.json</c>, which was made to a site with the stock plugin, is
/// answered with the same status, error, shape and facts, and told to the chat server with the same webhook.
/// </summary>
public sealed partial class RecordedCallsTests
{
    private readonly JsonObject _file = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors.json")))!.AsObject();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_stock_site_answers_every_recorded_call_as_it_was_recorded()
    {
        await using var site = await ScriptedSite.StartStockAsync();
        foreach (var user in _file["users"]!.AsArray())
            site.Data.AddUser((string)user!["name"]!, (string)user["login"]!, (string)user["email"]!, (string)user["role"]!);
        using var client = new HttpClient();
        var calls = _file["calls"]!.AsArray().Select(call => call!.AsObject()).ToArray();
        var differences = new List<string>();

        foreach (var call in calls)
        {
            foreach (var step in call["prepare"]?.AsArray() ?? [])
                await PrepareAsync(client, site, step!.AsObject());
            var told = site.Webhooks.Count;
            var (status, body) = await SendAsync(client, site, call);
            differences.AddRange(Compare(call, status, body, site.Webhooks.Skip(told).SingleOrDefault()).Select(d => $"{call["name"]}: {d}"));
        }

        calls.Length.ShouldBe(166);
        differences.ShouldBeEmpty();
    }

    private static async Task PrepareAsync(HttpClient client, ScriptedSite site, JsonObject step)
    {
        if ((string?)step["timezone"] is { } zone)
        {
            site.Data.TimeZone = TimeZoneInfo.FindSystemTimeZoneById(zone);
            return;
        }

        for (var i = 0; i < ((int?)step["repeat"] ?? 1); i++)
            await SendAsync(client, site, step);
    }

    private static async Task<(int Status, JsonNode Body)> SendAsync(HttpClient client, ScriptedSite site, JsonObject call)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod((string)call["method"]!), site.BaseUrl + ((string)call["path"]!).Replace("{key}", Uri.EscapeDataString(ScriptedSite.ApiKey), StringComparison.Ordinal));
        foreach (var proof in ((string)call["auth"]!).Split('+'))
            Prove(request, site, proof);
        if ((string?)call["raw"] is { } raw)
            request.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(raw));
        else if (call["body"] is { } body)
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.ToJsonString().Replace("{key}", ScriptedSite.ApiKey, StringComparison.Ordinal)));
        if (request.Content is { } content)
            content.Headers.ContentType = MediaTypeHeaderValue.Parse((string?)call["content_type"] ?? "application/json");
        using var answer = await client.SendAsync(request, Cancel);
        return ((int)answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!);
    }

    private static void Prove(HttpRequestMessage request, ScriptedSite site, string proof)
    {
        var (kind, name) = proof.Split(':') is [var first, var second] ? (first, second) : (proof, null);
        var user = name is null ? null : site.Data.Users.Values.Single(u => u.Login == name);
        if (kind is "key" or "wrongkey")
            request.Headers.Add("X-Chatpulse-API-Key", kind == "key" ? ScriptedSite.ApiKey : "wrong");
        if (user is null)
            return;
        var credentials = ScriptedSite.Credentials(user);
        request.Headers.Add("Cookie", credentials.Cookie);
        if (kind != "cookie-nononce")
            request.Headers.Add("X-WP-Nonce", kind == "cookie" ? credentials.Nonce : "bad");
    }

    private IEnumerable<string> Compare(JsonObject call, int status, JsonNode body, SiteWebhook? webhook)
    {
        if (status != (int)call["status"]!)
            yield return $"status {status}, not {call["status"]}";
        if ((string?)call["code"] is { } code)
        {
            if ((string?)body["code"] != code)
                yield return $"code {body["code"]}, not {code}";
            foreach (var difference in Shape("$", body, "error"))
                yield return difference;
            var wrong = body["data"]?["params"] switch
            {
                JsonArray list => list.Select(name => (string)name!),
                JsonObject named => named.Select(one => one.Key),
                _ => [],
            };
            if (!wrong.SequenceEqual(call["params"]?.AsArray().Select(name => (string)name!) ?? [], StringComparer.Ordinal))
                yield return $"params {body["data"]?["params"]}, not {call["params"]}";
            yield break;
        }

        foreach (var difference in Shape("$", body, call["shape"]!))
            yield return difference;
        foreach (var difference in Contains("$", body, call["expect"]))
            yield return difference;
        if (call["webhook"] is not { } told)
            yield break;
        if (webhook?.Path != (string)told["path"]!)
            yield return $"webhook {webhook?.Path}, not {told["path"]}";
        foreach (var difference in Contains("webhook", webhook?.Body, told["expect"]))
            yield return difference;
    }

    private IEnumerable<string> Shape(string where, JsonNode? value, JsonNode shape)
    {
        switch (shape)
        {
            case JsonObject members when value is JsonObject json:
                return members.SelectMany(one => json.ContainsKey(one.Key) ? Shape($"{where}.{one.Key}", json[one.Key], one.Value!) : [$"{where}.{one.Key} is missing"]);
            case JsonArray { Count: 1 } list when value is JsonArray json:
                return json.SelectMany((item, i) => Shape(string.Create(CultureInfo.InvariantCulture, $"{where}[{i}]"), item, list[0]!));
            case JsonValue name when _file["shapes"]![(string)name!] is { } named:
                return Shape(where, value, named);
            case JsonValue names when ((string)names!).Split(" or ").Any(kind => Is(value, kind)):
                return [];
            default:
                return [$"{where} is {value?.ToJsonString() ?? "null"}, not {shape.ToJsonString()}"];
        }
    }

    private static bool Is(JsonNode? value, string kind) => (kind, value?.GetValueKind()) switch
    {
        ("null", null) => true,
        ("integer", JsonValueKind.Number) => !value!.ToJsonString().Contains('.', StringComparison.Ordinal),
        ("string", JsonValueKind.String) => true,
        ("time", JsonValueKind.String) => Time().IsMatch((string)value!),
        ("empty", JsonValueKind.String) => (string)value! == "",
        ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("object", JsonValueKind.Object) => true,
        _ => false,
    };

    private static IEnumerable<string> Contains(string where, JsonNode? value, JsonNode? expected) => (value, expected) switch
    {
        (JsonObject json, JsonObject members) => members.SelectMany(one => Contains($"{where}.{one.Key}", json[one.Key], one.Value)),
        (JsonArray json, JsonArray items) when json.Count == items.Count =>
            items.SelectMany((item, i) => Contains(string.Create(CultureInfo.InvariantCulture, $"{where}[{i}]"), json[i], item)),
        _ when expected is null && where == "$" => [],
        _ => JsonNode.DeepEquals(value, expected) ? [] : [$"{where} is {value?.ToJsonString() ?? "null"}, not {expected?.ToJsonString() ?? "null"}"],
    };

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Time();
}
