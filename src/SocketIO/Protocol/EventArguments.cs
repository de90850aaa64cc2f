using System.Text.Json;

namespace SocketIO.Protocol;

/// <summary>The arguments of an event or an ack as they came: JSON with binary attachments put back. Immutable; may be kept and emitted as it is.</summary>
public sealed class EventArguments
{
    private EventArguments() { }

    /// <summary>No arguments.</summary>
    public static EventArguments Empty => throw new NotImplementedException();

    /// <summary>How many.</summary>
    public int Count => throw new NotImplementedException();

    /// <summary>Argument <paramref name="index"/> as <typeparamref name="T"/>. Throws <see cref="InvalidPayloadException"/>, naming the field, when it does not fit or is missing.</summary>
    public T Get<T>(int index) => throw new NotImplementedException();

    /// <summary>Argument <paramref name="index"/> as JSON; binary parts stay placeholders.</summary>
    public JsonElement GetJson(int index) => throw new NotImplementedException();
}
