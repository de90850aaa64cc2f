using System.Text.Json.Nodes;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>What a route answers, and what is told to the chat server because of it.</summary>
internal sealed record SiteAnswer(int Status, JsonNode? Body, SiteWebhook? Webhook = null)
{
    /// <summary>A file in place of a body.</summary>
    public SiteAttachment? File { get; init; }

    public static SiteAnswer Ok(JsonNode body, SiteWebhook? webhook = null) => new(200, body, webhook);

    public static SiteAnswer Created(JsonNode body, SiteWebhook? webhook = null) => new(201, body, webhook);
}
