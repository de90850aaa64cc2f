namespace Chatpulse.Server.Chat.Events;

/// <summary>Some events of clients that belong together, by name, and what is done with each.</summary>
/// <remarks>
/// A handler answers the ack before it completes. A <see cref="ChatException"/> that it throws becomes the event's <c>error</c> and its refused ack;
/// any other exception is logged and becomes <c>internal</c>.
/// </remarks>
internal interface IEventFamily
{
    /// <summary>The handlers by event name.</summary>
    IEnumerable<KeyValuePair<string, Func<ChatRequest, ValueTask>>> Handlers { get; }
}
