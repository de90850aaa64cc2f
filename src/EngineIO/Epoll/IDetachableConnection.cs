namespace EngineIO.Epoll;

/// <summary>A feature of connections that can go on without Kestrel once their request has been answered.</summary>
internal interface IDetachableConnection
{
    /// <summary>
    /// Takes the connection over: Kestrel may end the request and forget it, and the caller disposes of the connection. Null when something stands between the
    /// connection and Kestrel (TLS, for instance). What was received and not consumed is read again first.
    /// </summary>
    EpollConnection? Detach();
}
