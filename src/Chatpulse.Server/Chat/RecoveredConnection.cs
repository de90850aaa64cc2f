using Chatpulse.Server.Identity;

namespace Chatpulse.Server.Chat;

/// <summary>A socket that is about to take up its session: who it was proven to be now, and the threads whose access was checked, when.</summary>
/// <param name="Identity">The new proof.</param>
/// <param name="Threads">The threads it was in and may still be in.</param>
/// <param name="Mark"><see cref="LiveAccess.Mark"/> from before they were checked.</param>
internal sealed record RecoveredConnection(UserIdentity Identity, IReadOnlyList<long> Threads, long Mark);
