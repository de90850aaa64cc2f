namespace SocketIO.Adapters;

/// <summary>What is kept of a socket that lost its connection, so that it may be taken up again.</summary>
/// <param name="Sid">Id of the socket.</param>
/// <param name="Pid">Its private id: only the client knows it.</param>
/// <param name="Rooms">The rooms it was in.</param>
/// <param name="Data"><see cref="Server.Socket.Data"/>.</param>
public sealed record PersistedSession(string Sid, string Pid, IReadOnlyCollection<string> Rooms, object? Data)
{
    /// <summary>The place in the recovery log up to which its answers prove that the client has everything; 0 when none does.</summary>
    internal long ProvenPlace { get; init; }

    /// <summary>The place in the recovery log up to which events may have been sent to it.</summary>
    internal long SentPlace { get; init; }
}
