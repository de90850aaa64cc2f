namespace SocketIO.Server;

/// <summary>Answers to a broadcast.</summary>
/// <param name="Answers">The first argument of each answer, in the order they came. An answer that does not fit the type is left out.</param>
/// <param name="Expected">How many sockets were asked.</param>
/// <param name="TimedOut">Whether the time-out came before all had answered or gone.</param>
public sealed record BroadcastAcks<T>(IReadOnlyList<T> Answers, int Expected, bool TimedOut);
