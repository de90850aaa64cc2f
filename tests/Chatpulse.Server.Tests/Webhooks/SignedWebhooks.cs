using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Shouldly;

namespace Chatpulse.Server.Tests.Webhooks;

/// <summary>Sends webhooks as the plugin does: signed, dated by the site's clock, each with a <c>deliveryId</c> of its own.</summary>
internal static class SignedWebhooks
{
    public const string Secret = "the secret of the webhooks";

    public static async Task WebhookAsync(this TestServer server, string path, string members, DateTimeOffset sentAt)
    {
        var body = $$"""{{{members}},"deliveryId":"{{Guid.NewGuid():N}}"}""";
        var timestamp = sentAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/webhook/" + path, UriKind.Relative))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("X-Chatpulse-Timestamp", timestamp);
        request.Headers.Add("X-Chatpulse-Signature", "sha256=" + Convert.ToHexStringLower(
            HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{timestamp}.{body}"))));
        using var answer = await server.Client().SendAsync(request, TestContext.Current.CancellationToken);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
