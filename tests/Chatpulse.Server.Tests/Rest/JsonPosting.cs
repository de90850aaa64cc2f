using System.Net.Http.Headers;
using System.Text;

namespace Chatpulse.Server.Tests.Rest;

internal static class JsonPosting
{
    /// <summary>Sends JSON, or nothing, with any method.</summary>
    public static async Task<HttpResponseMessage> CallAsync(this HttpClient client, HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Posts JSON as it is written here, right or wrong.</summary>
    public static async Task<HttpResponseMessage> PostAsync(this HttpClient client, string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        return await client.PostAsync(new Uri(path, UriKind.Relative), body, TestContext.Current.CancellationToken);
    }
}
