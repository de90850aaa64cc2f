using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>
/// The answer that a client may have asked for. Sending it twice, or when none was asked for, does nothing. May be kept and
/// used later, from any thread; once the socket is disconnected there is nobody to answer.
/// </summary>
public readonly struct Ack
{
    private readonly IncomingEvent? _event;

    internal Ack(IncomingEvent incoming) => _event = incoming;

    /// <summary>Whether the client asked for an answer.</summary>
    public bool IsRequested => _event is { IsAckRequested: true };

    /// <summary>Answers with no argument. False when there was nobody to answer.</summary>
    public bool Send() => IsRequested && _event!.Answer(EventArguments.Empty);

    /// <summary>Answers with one argument. False when there was nobody to answer.</summary>
    /// <exception cref="InvalidOperationException">The JSON options do not know the type.</exception>
    public bool Send<T>(T value) => IsRequested && _event!.Answer(PacketArguments.Of(_event.Socket.Server.Json, value));

    /// <summary>Answers with two arguments. False when there was nobody to answer.</summary>
    /// <exception cref="InvalidOperationException">The JSON options do not know a type.</exception>
    public bool Send<T1, T2>(T1 first, T2 second) => IsRequested && _event!.Answer(PacketArguments.Of(_event.Socket.Server.Json, first, second));

    /// <summary>Answers with three arguments. False when there was nobody to answer.</summary>
    /// <exception cref="InvalidOperationException">The JSON options do not know a type.</exception>
    public bool Send<T1, T2, T3>(T1 first, T2 second, T3 third) =>
        IsRequested && _event!.Answer(PacketArguments.Of(_event.Socket.Server.Json, first, second, third));

    /// <summary>Answers with arguments as they came from somewhere else. False when there was nobody to answer.</summary>
    public bool Send(EventArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return IsRequested && _event!.Answer(arguments);
    }
}
