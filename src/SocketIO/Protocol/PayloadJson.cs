using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SocketIO.Protocol;

/// <summary>The JSON settings of payloads: source-generated, strict about what is missing, relaxed about escaping.</summary>
internal static class PayloadJson
{
    /// <summary>Options that know the library's own types; an application adds its contexts to the resolver chain.</summary>
    internal static JsonSerializerOptions CreateOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            // A socket's payload is not put into HTML by the server: escaping < and non-ASCII only makes it longer.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
        };
        options.Converters.Add(new ByteArrayAttachmentConverter());
        options.Converters.Add(new ReadOnlyMemoryAttachmentConverter());
        options.Converters.Add(new MemoryAttachmentConverter());
        options.TypeInfoResolverChain.Add(PayloadJsonContext.Default);
        return options;
    }

    /// <summary>The type's information, or an error that says how to register the type.</summary>
    internal static JsonTypeInfo<T> Known<T>(this JsonSerializerOptions options) => (JsonTypeInfo<T>)options.Known(typeof(T));

    /// <inheritdoc cref="Known{T}"/>
    internal static JsonTypeInfo Known(this JsonSerializerOptions options, Type type) =>
        options.TryGetTypeInfo(type, out var info)
            ? info
            : throw new InvalidOperationException(
                $"The type {type} is not known to SocketIOOptions.Json. Add a JsonSerializerContext with "
                + $"[JsonSerializable(typeof({type.Name}))] to options.Json.TypeInfoResolverChain.");
}
