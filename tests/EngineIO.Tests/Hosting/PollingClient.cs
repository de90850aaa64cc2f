using System.Net;
using System.Text;
using System.Text.Json;

namespace EngineIO.Tests.Hosting;

/// <summary>A polling session as seen by a client that sends exactly what the test says.</summary>
internal sealed class PollingClient(HttpClient http, string sid)
{
    public string Sid => sid;

    public string Url => $"?EIO=4&transport=polling&sid={sid}";

    public static async Task<PollingClient> OpenAsync(HttpClient http)
    {
        var text = await http.GetStringAsync("?EIO=4&transport=polling", TestContext.Current.CancellationToken);
        text[0].ShouldBe('0');
        using var json = JsonDocument.Parse(text.AsMemory(1));
        return new PollingClient(http, json.RootElement.GetProperty("sid").GetString()!);
    }

    public static Task<PollingClient> OpenAsync(EngineHost host) => OpenAsync(host.Http);

    public async Task<(HttpStatusCode Status, string Body)> PollAsync()
    {
        using var response = await http.GetAsync(Url, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public Task<(HttpStatusCode Status, string Body)> PostAsync(string body) => PostAsync(Encoding.UTF8.GetBytes(body));

    public async Task<(HttpStatusCode Status, string Body)> PostAsync(byte[] body, string contentType = "text/plain")
    {
        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var response = await http.PostAsync(Url, content, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The packets of the next polls until there are <paramref name="count"/>, without pings and noops.</summary>
    public async Task<List<string>> ReadAsync(int count)
    {
        var packets = new List<string>();
        while (packets.Count < count)
        {
            var (status, body) = await PollAsync();
            status.ShouldBe(HttpStatusCode.OK, body);
            packets.AddRange(body.Split('\u001e').Where(packet => packet is not ("2" or "6")));
        }

        return packets;
    }

    public async Task ShouldBeGoneAsync()
    {
        var (status, body) = await PollAsync();
        status.ShouldBe(HttpStatusCode.BadRequest);
        body.ShouldBe("""{"code":1,"message":"Session ID unknown"}""");
    }
}
