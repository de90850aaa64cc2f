using System.Net;
using System.Text.Json;
using Shouldly;

namespace Chatpulse.Server.Tests.Rest;

/// <summary>Reads answers, and says what an error in WordPress's shape must be.</summary>
internal static class RestAssertions
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<JsonElement> JsonAsync(this Task<HttpResponseMessage> call, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var answer = await call;
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        answer.StatusCode.ShouldBe(status, text);
        answer.Content.Headers.ContentType?.MediaType.ShouldBe("application/json");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    public static async Task<JsonElement> ShouldRefuseAsync(this Task<HttpResponseMessage> call, int status, string code)
    {
        var error = await call.JsonAsync((HttpStatusCode)status);
        error.GetProperty("code").GetString().ShouldBe(code);
        error.GetProperty("message").GetString().ShouldNotBeNullOrWhiteSpace();
        error.GetProperty("data").GetProperty("status").GetInt32().ShouldBe(status);
        return error;
    }

    /// <summary>400 <c>rest_invalid_param</c> naming exactly this parameter.</summary>
    public static async Task ShouldRefuseParameterAsync(this Task<HttpResponseMessage> call, string name)
    {
        var error = await call.ShouldRefuseAsync(400, "rest_invalid_param");
        error.GetProperty("message").GetString().ShouldBe("Invalid parameter(s): " + name);
        error.GetProperty("data").GetProperty("params").EnumerateObject().Select(one => one.Name).ShouldBe([name]);
        error.GetProperty("data").GetProperty("details").GetArrayLength().ShouldBe(0);
    }

    public static async Task ShouldMissAsync(this Task<HttpResponseMessage> call, string name)
    {
        var error = await call.ShouldRefuseAsync(400, "rest_missing_callback_param");
        error.GetProperty("message").GetString().ShouldBe("Missing parameter(s): " + name);
        error.GetProperty("data").GetProperty("params").EnumerateArray().Select(one => one.GetString()).ShouldBe([name]);
    }

    public static long Id(this JsonElement element, string name = "id") => element.GetProperty(name).GetInt64();

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static IEnumerable<JsonElement> List(this JsonElement element, string name) => element.GetProperty(name).EnumerateArray();

    public static IEnumerable<string> Names(this JsonElement element) => element.EnumerateObject().Select(member => member.Name);
}
