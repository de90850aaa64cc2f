using SocketIO.Protocol;

namespace SocketIO.Server;

public sealed partial class Namespace
{
    private readonly Dictionary<string, Func<EventArguments, ValueTask<PacketArguments?>>> _serverSide = new(StringComparer.Ordinal);

    /// <summary>Sends an event to this namespace on the other servers, not to clients. Without other servers it goes to nobody.</summary>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    public void ServerSideEmit<T>(string eventName, T value)
    {
        ThrowIfReserved(eventName);
        Adapter.ServerSideEmit(eventName, EventArguments.From(PacketArguments.Of(Server.Json, value), Server.Json));
    }

    /// <summary>The same, and each other server's answer: those that came before the time-out.</summary>
    /// <param name="eventName">Name of the event.</param>
    /// <param name="value">Its argument.</param>
    /// <param name="timeout">How long to wait; null for <see cref="SocketIOOptions.AckTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    /// <exception cref="InvalidPayloadException">An answer does not fit the type.</exception>
    public async Task<IReadOnlyList<TResult>> ServerSideEmitWithAck<T, TResult>(
        string eventName, T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ThrowIfReserved(eventName);
        var arguments = EventArguments.From(PacketArguments.Of(Server.Json, value), Server.Json);
        var answers = await Adapter.ServerSideEmitWithAck(eventName, arguments, timeout ?? Server.Options.AckTimeout, cancellationToken).ConfigureAwait(false);
        return [.. answers.Select(answer => answer.Get<TResult>(0))];
    }

    /// <summary>Handles an event of another server. The last handler of a name counts.</summary>
    public void OnServerSide<T>(string eventName, Func<T, ValueTask> handler)
    {
        ThrowIfReserved(eventName);
        ArgumentNullException.ThrowIfNull(handler);
        SetServerSide(eventName, async arguments =>
        {
            await handler(arguments.Get<T>(0)).ConfigureAwait(false);
            return null;
        });
    }

    /// <summary>Handles an event of another server; the result is the answer, if one is wanted. The last handler of a name counts.</summary>
    public void OnServerSide<T, TResult>(string eventName, Func<T, ValueTask<TResult>> handler)
    {
        ThrowIfReserved(eventName);
        ArgumentNullException.ThrowIfNull(handler);
        SetServerSide(eventName, async arguments => PacketArguments.Of(Server.Json, await handler(arguments.Get<T>(0)).ConfigureAwait(false)));
    }

    /// <summary>
    /// For adapters: an event of another server has come. Completes with the answer; null when nobody handles it, the handler
    /// answers nothing, or it threw, which is logged.
    /// </summary>
    public async ValueTask<EventArguments?> DeliverServerSide(string eventName, EventArguments arguments)
    {
        Func<EventArguments, ValueTask<PacketArguments?>>? handler;
        lock (_serverSide) _serverSide.TryGetValue(eventName, out handler);
        if (handler is null) return null;
        try
        {
            return await handler(arguments).ConfigureAwait(false) is { } answer ? EventArguments.From(answer, Server.Json) : null;
        }
        catch (Exception exception)
        {
            Server.Log.ServerSideHandlerFailed(exception, eventName, Name);
            return null;
        }
    }

    private void SetServerSide(string eventName, Func<EventArguments, ValueTask<PacketArguments?>> handler)
    {
        lock (_serverSide) _serverSide[eventName] = handler;
    }

    private static void ThrowIfReserved(string eventName)
    {
        ArgumentNullException.ThrowIfNull(eventName);
        if (eventName is "connect" or "connection" or "new_namespace")
            throw new ArgumentException($"\"{eventName}\" is a reserved event name between servers", nameof(eventName));
    }
}
