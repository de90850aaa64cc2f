using System.Text.Json.Nodes;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>News for the chat server.</summary>
/// <param name="Path">Such as <c>/webhook/message</c>.</param>
/// <param name="Body">What is told.</param>
internal sealed record SiteWebhook(string Path, JsonObject Body);
