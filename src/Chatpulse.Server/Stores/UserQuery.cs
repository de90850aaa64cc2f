namespace Chatpulse.Server.Stores;

/// <summary>Which users are asked for; <paramref name="Include"/> and <paramref name="Exclude"/> are ids, empty for no restriction.</summary>
public sealed record UserQuery(string? Search, IReadOnlyCollection<long> Include, IReadOnlyCollection<long> Exclude, int PerPage);
