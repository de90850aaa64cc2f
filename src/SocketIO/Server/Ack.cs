using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>The answer that a client may have asked for. Sending it twice, or when none was asked for, does nothing.</summary>
public readonly struct Ack
{
    /// <summary>Whether the client asked for an answer.</summary>
    public bool IsRequested => throw new NotImplementedException();

    /// <summary>Answers with no argument. False when there was nobody to answer.</summary>
    public bool Send() => throw new NotImplementedException();

    /// <summary>Answers with one argument.</summary>
    public bool Send<T>(T value) => throw new NotImplementedException();

    /// <summary>Answers with two arguments.</summary>
    public bool Send<T1, T2>(T1 first, T2 second) => throw new NotImplementedException();

    /// <summary>Answers with arguments as they came from somewhere else.</summary>
    public bool Send(EventArguments arguments) => throw new NotImplementedException();
}
