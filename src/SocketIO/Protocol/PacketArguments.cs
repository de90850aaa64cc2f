using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SocketIO.Protocol;

/// <summary>Arguments on their way out: values with how each becomes JSON, or <see cref="EventArguments"/> as they came.</summary>
public abstract class PacketArguments
{
    private protected PacketArguments() { }

    /// <summary>Writes each argument as one JSON value; binary values are left with the attachments of the packet being encoded.</summary>
    internal abstract void WriteTo(Utf8JsonWriter writer);

    /// <summary>No arguments.</summary>
    internal static PacketArguments None => EventArguments.Empty;

    internal static PacketArguments Of<T>(JsonSerializerOptions json, T value) => new Values<T>(json, value);

    internal static PacketArguments Of<T1, T2>(JsonSerializerOptions json, T1 first, T2 second) => new Values<T1, T2>(json, first, second);

    internal static PacketArguments Of<T1, T2, T3>(JsonSerializerOptions json, T1 first, T2 second, T3 third) =>
        new Values<T1, T2, T3>(json, first, second, third);

    // The type information is looked up here and not when encoding, so that a type nobody registered is an error for the
    // one who emits even when the room is empty.
    private sealed class Values<T>(JsonSerializerOptions json, T value) : PacketArguments
    {
        private readonly JsonTypeInfo<T> _type = json.Known<T>();

        internal override void WriteTo(Utf8JsonWriter writer) => JsonSerializer.Serialize(writer, value, _type);
    }

    private sealed class Values<T1, T2>(JsonSerializerOptions json, T1 first, T2 second) : PacketArguments
    {
        private readonly JsonTypeInfo<T1> _first = json.Known<T1>();
        private readonly JsonTypeInfo<T2> _second = json.Known<T2>();

        internal override void WriteTo(Utf8JsonWriter writer)
        {
            JsonSerializer.Serialize(writer, first, _first);
            JsonSerializer.Serialize(writer, second, _second);
        }
    }

    private sealed class Values<T1, T2, T3>(JsonSerializerOptions json, T1 first, T2 second, T3 third) : PacketArguments
    {
        private readonly JsonTypeInfo<T1> _first = json.Known<T1>();
        private readonly JsonTypeInfo<T2> _second = json.Known<T2>();
        private readonly JsonTypeInfo<T3> _third = json.Known<T3>();

        internal override void WriteTo(Utf8JsonWriter writer)
        {
            JsonSerializer.Serialize(writer, first, _first);
            JsonSerializer.Serialize(writer, second, _second);
            JsonSerializer.Serialize(writer, third, _third);
        }
    }
}
