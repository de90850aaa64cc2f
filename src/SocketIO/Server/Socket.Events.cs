using SocketIO.Protocol;

namespace SocketIO.Server;

public sealed partial class Socket
{
    // An array and a search by name: a socket has a few dozen listeners at most, and every connection pays for the table.
    private EventListener[] _listeners = [];
    private Func<IncomingEvent, Func<ValueTask>, ValueTask>[]? _middleware;
    private Action<IncomingEvent>? _any;
    private Action<string, EventArguments>? _anyOutgoing;
    private Func<IncomingEvent, ValueTask>? _unhandled;
    private Func<HandlerError, ValueTask>? _error;

    /// <summary>Handles an event, whatever its arguments.</summary>
    public void On(string eventName, Action handler) => Add(new EventListener0(Checked(eventName, handler), handler));

    /// <summary>Handles an event, whatever its arguments.</summary>
    public void On(string eventName, Func<ValueTask> handler, HandlerOrder order = HandlerOrder.InOrder) =>
        Add(new AsyncEventListener0(Checked(eventName, handler), handler, order));

    /// <summary>
    /// Handles an event by its first argument. When it does not fit, the handler is not called and the client's ack gets the
    /// error <c>invalid</c>.
    /// </summary>
    public void On<T>(string eventName, Action<T> handler) => Add(new EventListener1<T>(Checked(eventName, handler), handler));

    /// <summary>Handles an event by its first argument, and answers it.</summary>
    public void On<T>(string eventName, Action<T, Ack> handler) => Add(new AckEventListener1<T>(Checked(eventName, handler), handler));

    /// <summary>Handles an event by its first argument. The socket's next event waits for the task, unless <paramref name="order"/> says otherwise.</summary>
    public void On<T>(string eventName, Func<T, ValueTask> handler, HandlerOrder order = HandlerOrder.InOrder) =>
        Add(new AsyncEventListener1<T>(Checked(eventName, handler), handler, order));

    /// <summary>
    /// Handles an event by its first argument, and answers it. The socket's next event waits for the task, unless
    /// <paramref name="order"/> says otherwise.
    /// </summary>
    public void On<T>(string eventName, Func<T, Ack, ValueTask> handler, HandlerOrder order = HandlerOrder.InOrder) =>
        Add(new AsyncAckEventListener1<T>(Checked(eventName, handler), handler, order));

    /// <summary>Handles an event by its first argument; the result answers the client's ack.</summary>
    public void On<T, TResult>(string eventName, Func<T, ValueTask<TResult>> handler, HandlerOrder order = HandlerOrder.InOrder) =>
        Add(new AnsweringEventListener1<T, TResult>(Checked(eventName, handler), handler, order));

    /// <summary>Handles an event by its first two arguments, and answers it.</summary>
    public void On<T1, T2>(string eventName, Func<T1, T2, Ack, ValueTask> handler, HandlerOrder order = HandlerOrder.InOrder) =>
        Add(new AsyncAckEventListener2<T1, T2>(Checked(eventName, handler), handler, order));

    /// <summary>Handles an event by its first three arguments, and answers it.</summary>
    public void On<T1, T2, T3>(string eventName, Func<T1, T2, T3, Ack, ValueTask> handler, HandlerOrder order = HandlerOrder.InOrder) =>
        Add(new AsyncAckEventListener3<T1, T2, T3>(Checked(eventName, handler), handler, order));

    /// <summary>Handles an event as it came.</summary>
    public void On(string eventName, Func<IncomingEvent, ValueTask> handler, HandlerOrder order = HandlerOrder.InOrder) =>
        Add(new RawEventListener(Checked(eventName, handler), handler, order));

    /// <summary>Handles the next event of that name by its first argument, and no further one.</summary>
    public void Once<T>(string eventName, Func<T, Ack, ValueTask> handler) =>
        Add(new OnceEventListener(new AsyncAckEventListener1<T>(Checked(eventName, handler), handler, HandlerOrder.InOrder)));

    /// <summary>Handles the next event of that name as it came, and no further one.</summary>
    public void Once(string eventName, Func<IncomingEvent, ValueTask> handler) =>
        Add(new OnceEventListener(new RawEventListener(Checked(eventName, handler), handler, HandlerOrder.InOrder)));

    /// <summary>Removes every handler of an event.</summary>
    public void Off(string eventName)
    {
        ArgumentNullException.ThrowIfNull(eventName);
        lock (_gate) _listeners = Array.FindAll(_listeners, listener => !string.Equals(listener.EventName, eventName, StringComparison.Ordinal));
    }

    /// <summary>Told of every event that comes, before middleware and handlers.</summary>
    public void OnAny(Action<IncomingEvent> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate) _any += handler;
    }

    /// <summary>Told of every event that is sent to this socket, acks excepted. It makes every broadcast to this socket cost a serialization more.</summary>
    public void OnAnyOutgoing(Action<string, EventArguments> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate) _anyOutgoing += handler;
    }

    /// <summary>No longer tells <paramref name="handler"/> of every event that comes.</summary>
    public void OffAny(Action<IncomingEvent> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate) _any -= handler;
    }

    /// <summary>No longer tells <paramref name="handler"/> of every event that is sent.</summary>
    public void OffAnyOutgoing(Action<string, EventArguments> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate) _anyOutgoing -= handler;
    }

    /// <summary>
    /// Handles an event that nobody registered. The official server ignores it, and so does this one when no handler is set.
    /// The last handler set counts.
    /// </summary>
    public void OnUnhandled(Func<IncomingEvent, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _unhandled = handler;
    }

    /// <summary>
    /// Middleware for every event, in the order of the calls: call next to go on; return without it to drop the event; throw
    /// to refuse it, which is answered like what a handler throws.
    /// </summary>
    public void Use(Func<IncomingEvent, Func<ValueTask>, ValueTask> middleware)
    {
        ArgumentNullException.ThrowIfNull(middleware);
        lock (_gate) _middleware = [.. _middleware ?? [], middleware];
    }

    /// <summary>
    /// Told of what handlers and middleware throw, after it was logged, in place of the library's own error answer
    /// <c>{ ok: false, error: { code, message } }</c>. The last handler set counts.
    /// </summary>
    public void OnError(Func<HandlerError, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _error = handler;
    }

    internal bool RemoveListener(EventListener listener)
    {
        lock (_gate)
        {
            var at = Array.IndexOf(_listeners, listener);
            if (at < 0) return false;
            _listeners = [.. _listeners.AsSpan(0, at), .. _listeners.AsSpan(at + 1)];
            return true;
        }
    }

    private void Add(EventListener listener)
    {
        lock (_gate) _listeners = [.. _listeners, listener];
    }

    private static string Checked(string eventName, Delegate handler)
    {
        ReservedEvents.ThrowIfReserved(eventName);
        ArgumentNullException.ThrowIfNull(handler);
        return eventName;
    }

    private void NotifyOutgoing(string eventName, EventArguments arguments)
    {
        try
        {
            _anyOutgoing?.Invoke(eventName, arguments);
        }
        catch (Exception exception)
        {
            Server.Log.HandlerFailed(exception, eventName, Namespace.Name, Id);
        }
    }

    // Handles one event. Never throws.
    private ValueTask Run(IncomingEvent incoming)
    {
        try
        {
            _any?.Invoke(incoming);
            var task = _middleware is { } middleware ? RunMiddleware(middleware, 0, incoming) : Dispatch(incoming);
            return task.IsCompletedSuccessfully ? default : RunAsync(task, incoming);
        }
        catch (Exception exception)
        {
            return Fail(incoming, exception);
        }
    }

    private async ValueTask RunAsync(ValueTask task, IncomingEvent incoming)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            await Fail(incoming, exception).ConfigureAwait(false);
        }
    }

    private ValueTask RunMiddleware(Func<IncomingEvent, Func<ValueTask>, ValueTask>[] middleware, int index, IncomingEvent incoming) =>
        index == middleware.Length ? Dispatch(incoming) : middleware[index](incoming, () => RunMiddleware(middleware, index + 1, incoming));

    private ValueTask Dispatch(IncomingEvent incoming)
    {
        var listeners = _listeners;
        EventListener? only = null;
        foreach (var listener in listeners)
        {
            if (!string.Equals(listener.EventName, incoming.Name, StringComparison.Ordinal)) continue;
            if (only is not null) return DispatchToAll(listeners, incoming);
            only = listener;
        }

        if (only is not null) return Invoke(only, incoming);
        if (_unhandled is { } unhandled) return unhandled(incoming);
        Server.Log.Unhandled(incoming.Name, Namespace.Name, Id);
        return default;
    }

    private async ValueTask DispatchToAll(EventListener[] listeners, IncomingEvent incoming)
    {
        foreach (var listener in listeners)
        {
            if (string.Equals(listener.EventName, incoming.Name, StringComparison.Ordinal)) await Invoke(listener, incoming).ConfigureAwait(false);
        }
    }

    private ValueTask Invoke(EventListener listener, IncomingEvent incoming)
    {
        var task = listener.Invoke(incoming);
        if (listener.Order == HandlerOrder.InOrder || task.IsCompleted) return task;
        Client.AddPending(incoming);
        _ = RunConcurrently(task, incoming);
        return default;
    }

    private async Task RunConcurrently(ValueTask task, IncomingEvent incoming)
    {
        await RunAsync(task, incoming).ConfigureAwait(false);
        Client.RemovePending(incoming);
    }

    // Logs and answers. Never throws.
    private async ValueTask Fail(IncomingEvent incoming, Exception exception)
    {
        try
        {
            var (code, message) = exception switch
            {
                InvalidPayloadException invalid => ("invalid", invalid.Message),
                SocketIOException refused => (refused.Code, refused.Message),
                _ => ("internal", "Internal error"),
            };
            if (exception is InvalidPayloadException or SocketIOException) Server.Log.EventRefused(exception, incoming.Name, Namespace.Name, Id);
            else Server.Log.HandlerFailed(exception, incoming.Name, Namespace.Name, Id);
            if (_error is { } handler) await handler(new HandlerError(incoming, exception)).ConfigureAwait(false);
            else incoming.Ack.Send(new ErrorAnswer(new ErrorAnswerDetail(code, message)));
        }
        catch (Exception failure)
        {
            Server.Log.HandlerFailed(failure, incoming.Name, Namespace.Name, Id);
        }
    }
}
