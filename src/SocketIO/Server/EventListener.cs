namespace SocketIO.Server;

/// <summary>
/// A handler with what it takes from an event. One small object for each registration, rather than a closure around the
/// application's delegate: a server keeps one of each for every event of every connection.
/// </summary>
internal abstract class EventListener(string eventName, HandlerOrder order)
{
    internal string EventName { get; } = eventName;

    internal HandlerOrder Order { get; } = order;

    internal abstract ValueTask Invoke(IncomingEvent incoming);
}

internal sealed class EventListener0(string eventName, Action handler) : EventListener(eventName, HandlerOrder.InOrder)
{
    internal override ValueTask Invoke(IncomingEvent incoming)
    {
        handler();
        return default;
    }
}

internal sealed class AsyncEventListener0(string eventName, Func<ValueTask> handler, HandlerOrder order) : EventListener(eventName, order)
{
    internal override ValueTask Invoke(IncomingEvent incoming) => handler();
}

internal sealed class EventListener1<T>(string eventName, Action<T> handler) : EventListener(eventName, HandlerOrder.InOrder)
{
    internal override ValueTask Invoke(IncomingEvent incoming)
    {
        handler(incoming.Arguments.Get<T>(0));
        return default;
    }
}

internal sealed class AckEventListener1<T>(string eventName, Action<T, Ack> handler) : EventListener(eventName, HandlerOrder.InOrder)
{
    internal override ValueTask Invoke(IncomingEvent incoming)
    {
        handler(incoming.Arguments.Get<T>(0), incoming.Ack);
        return default;
    }
}

internal sealed class AsyncEventListener1<T>(string eventName, Func<T, ValueTask> handler, HandlerOrder order) : EventListener(eventName, order)
{
    internal override ValueTask Invoke(IncomingEvent incoming) => handler(incoming.Arguments.Get<T>(0));
}

internal sealed class AsyncAckEventListener1<T>(string eventName, Func<T, Ack, ValueTask> handler, HandlerOrder order) : EventListener(eventName, order)
{
    internal override ValueTask Invoke(IncomingEvent incoming) => handler(incoming.Arguments.Get<T>(0), incoming.Ack);
}

internal sealed class AnsweringEventListener1<T, TResult>(string eventName, Func<T, ValueTask<TResult>> handler, HandlerOrder order)
    : EventListener(eventName, order)
{
    internal override async ValueTask Invoke(IncomingEvent incoming) =>
        incoming.Ack.Send(await handler(incoming.Arguments.Get<T>(0)).ConfigureAwait(false));
}

internal sealed class AsyncAckEventListener2<T1, T2>(string eventName, Func<T1, T2, Ack, ValueTask> handler, HandlerOrder order) : EventListener(eventName, order)
{
    internal override ValueTask Invoke(IncomingEvent incoming) =>
        handler(incoming.Arguments.Get<T1>(0), incoming.Arguments.Get<T2>(1), incoming.Ack);
}

internal sealed class AsyncAckEventListener3<T1, T2, T3>(string eventName, Func<T1, T2, T3, Ack, ValueTask> handler, HandlerOrder order)
    : EventListener(eventName, order)
{
    internal override ValueTask Invoke(IncomingEvent incoming) =>
        handler(incoming.Arguments.Get<T1>(0), incoming.Arguments.Get<T2>(1), incoming.Arguments.Get<T3>(2), incoming.Ack);
}

internal sealed class RawEventListener(string eventName, Func<IncomingEvent, ValueTask> handler, HandlerOrder order) : EventListener(eventName, order)
{
    internal override ValueTask Invoke(IncomingEvent incoming) => handler(incoming);
}

/// <summary>Runs once: the socket takes it out before calling it.</summary>
internal sealed class OnceEventListener(EventListener listener) : EventListener(listener.EventName, listener.Order)
{
    internal override ValueTask Invoke(IncomingEvent incoming) => incoming.Socket.RemoveListener(this) ? listener.Invoke(incoming) : default;
}
