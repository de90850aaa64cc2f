using System.Buffers;
using System.Text.Json;
using EngineIO.Protocol;
using Microsoft.AspNetCore.Http;

namespace EngineIO.Transports;

/// <summary>Answers a request that cannot be served: <c>{ "code": …, "message": … }</c>.</summary>
internal static class ErrorResponse
{
    public static async Task WriteAsync(HttpContext context, EngineError error)
    {
        var body = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteNumber("code"u8, error.Code);
            json.WriteString("message"u8, error.Message);
            json.WriteEndObject();
        }

        var response = context.Response;
        response.StatusCode = error.Status;
        response.ContentType = "application/json";
        response.ContentLength = body.WrittenCount;
        response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(body.WrittenMemory, CancellationToken.None);
    }
}
