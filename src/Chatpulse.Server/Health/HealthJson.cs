using System.Text.Json.Serialization;

namespace Chatpulse.Server.Health;

/// <summary>How <c>/health</c> and <c>/stats</c> are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(StatsAnswer))]
[JsonSerializable(typeof(StatsRefusal))]
internal sealed partial class HealthJson : JsonSerializerContext;

/// <summary>Answers <c>GET /health</c>: <c>ok</c>, or <c>degraded</c> with <paramref name="Store"/> saying why.</summary>
internal sealed record HealthAnswer(string Status, string Timestamp, int Connections, int ActiveUsers, long UptimeSeconds, StoreAnswer Store);

/// <summary>How the store is.</summary>
internal sealed record StoreAnswer(string Status, string? Message);

/// <summary>Answers <c>GET /stats</c>.</summary>
internal sealed record StatsAnswer(ConnectionStats Connections, PresenceStats Presence, TypingStats Typing);

/// <summary>Who is connected.</summary>
internal sealed record ConnectionStats(int Total, IReadOnlyList<ConnectionDetail> Details);

/// <summary>One connection; <paramref name="ThreadRooms"/> are the ids of the threads it has joined.</summary>
internal sealed record ConnectionDetail(string SocketId, long? UserId, IReadOnlyList<long> ThreadRooms, string ConnectedAt);

/// <summary>Who is known to be there, or to have been.</summary>
internal sealed record PresenceStats(int TotalUsers, int OnlineUsers, IReadOnlyList<PresenceDetail> Details);

/// <summary>One user.</summary>
internal sealed record PresenceDetail(long UserId, string Status, string LastSeen, int ActiveConnections);

/// <summary>Who types.</summary>
internal sealed record TypingStats(int ActiveThreads, IReadOnlyList<TypingDetail> Details);

/// <summary>Who types in one thread.</summary>
internal sealed record TypingDetail(long ThreadId, IReadOnlyList<long> TypingUsers);

/// <summary>Why <c>/stats</c> is not shown.</summary>
internal sealed record StatsRefusal(string Error);
