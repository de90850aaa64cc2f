namespace EngineIO.Epoll;

/// <summary>The time for which one thread leads a loop: the events it takes in and the writes it puts off, and the term before, as long as that has left something.</summary>
/// <remarks>Threading: whoever leads finishes the terms before with <see cref="Finish"/>, together with their own threads if those come back.</remarks>
internal sealed class LoopTerm(long turn, LoopTerm? before, Action<Exception> onFailed)
{
    private LoopTerm? _before = before;

    /// <summary>Whose turn it is; never given twice.</summary>
    public long Turn => turn;

    public EventBatch Batch { get; } = new();

    public Cork Cork { get; } = new(onFailed);

    /// <summary>Does what the terms before have left. The thread of each was held up, and may still be.</summary>
    public void Finish(EpollLoop loop, LoopThread thread)
    {
        for (var term = _before; term is not null; term = term._before)
        {
            term.Cork.Close();
            term.Cork.Flush(thread);
            if (!loop.Dispatch(thread, term.Batch, turn))
                return;
        }

        _before = null;
    }
}
