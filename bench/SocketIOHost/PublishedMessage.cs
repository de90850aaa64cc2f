using System.Text.Json.Serialization;

namespace SocketIOHost;

/// <summary>The one field of a published object that the server looks at.</summary>
internal sealed record PublishedMessage(string Room);

/// <summary>How <see cref="PublishedMessage"/> is read.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PublishedMessage))]
internal sealed partial class PublishedMessageJson : JsonSerializerContext;
