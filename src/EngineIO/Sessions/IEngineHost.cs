using EngineIO.Epoll;
using EngineIO.Transports;

namespace EngineIO.Sessions;

/// <summary>What a session needs of the server it belongs to.</summary>
internal interface IEngineHost
{
    EngineIOOptions Options { get; }

    TimeProvider Time { get; }

    TimingWheel Wheel { get; }

    QueueBudget Budget { get; }

    IncompleteMessages Incomplete { get; }

    /// <summary>Brings what all queues hold together below the budget when it is spent. No session's lock is held.</summary>
    void RelieveQueues();

    /// <summary>Event loops that are woken when what is due on the clock has been called.</summary>
    LoopWakes Wakes { get; }

    /// <summary>A session has ended.</summary>
    void OnEnded(EngineSession session, CloseReason reason, Exception? exception);

    /// <summary>An upgrade has come to its end.</summary>
    void OnUpgraded(EngineSession session, bool succeeded);

    /// <summary>The application has thrown.</summary>
    void OnHandlerFailed(EngineSession session, Exception exception);
}
