namespace EngineIO.Epoll;

/// <summary>Who is told what happened to a file.</summary>
internal interface IEventSink
{
    /// <summary>Which registration it is: events with another token were meant for who had its place before.</summary>
    ulong Token { get; set; }

    /// <summary>Something happened. By the loop's thread; what it starts may go on inside. May be told more than has happened.</summary>
    void OnEvents(uint events);
}
