using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>A <see cref="SiteFault"/> and the requests that meet it.</summary>
internal sealed class Misbehaviour(SiteFault fault, Func<SeenRequest, bool> when, int times, Uri? elsewhere)
{
    private static readonly JsonSerializerOptions Unescaped = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Lazy<byte[]> Bomb = new(PackBomb);

    private int _left = times;
    private long _bytes;
    private int _met;

    /// <summary>Requests that met it.</summary>
    public int Met => Volatile.Read(ref _met);

    /// <summary>Bytes of an endless answer that could be written.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Whether this request meets it.</summary>
    public bool Takes(SeenRequest request)
    {
        if (!when(request) || Interlocked.Decrement(ref _left) < 0)
            return false;
        Interlocked.Increment(ref _met);
        return true;
    }

    /// <summary>Answers a request in this way; <paramref name="carryOut"/> does what was asked for.</summary>
    public async Task AnswerAsync(HttpContext context, Func<Task<SiteAnswer>> carryOut)
    {
        switch (fault)
        {
            case SiteFault.SlowHeaders:
                await UntilTheCallerLeavesAsync(context);
                break;
            case SiteFault.SlowBody:
                context.Response.ContentType = "application/json; charset=UTF-8";
                await context.Response.StartAsync(context.RequestAborted);
                await context.Response.WriteAsync("{", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await UntilTheCallerLeavesAsync(context);
                break;
            case SiteFault.HtmlPage:
                await PageAsync(context, 200, "<h1>Welcome to our site</h1>");
                break;
            case SiteFault.BadGateway:
                await PageAsync(context, 502, "<h1>502 Bad Gateway</h1>");
                break;
            case SiteFault.Maintenance:
                await PageAsync(context, 503, "<h1>Briefly unavailable for scheduled maintenance. Check back in a minute.</h1>");
                break;
            case SiteFault.GatewayTimeout:
                await PageAsync(context, 504, "<h1>504 Gateway Time-out</h1>");
                break;
            case SiteFault.ErrorInJson:
                await ScriptedSite.WriteAsync(context, new SiteAnswer(500, new SiteRefusal(500, "internal_server_error", "There has been a critical error on this website.").Body));
                break;
            case SiteFault.ErrorWithoutBody:
                context.Response.StatusCode = 500;
                break;
            case SiteFault.PageThatShowsTheRequest:
                var headers = string.Join(' ', context.Request.Headers.Select(header => $"{header.Key}: {header.Value}"));
                await PageAsync(context, 500, string.Join(' ', Enumerable.Repeat(headers, 10)));
                break;
            case SiteFault.TruncatedJson:
                var whole = Json(await carryOut(), out var status);
                await BytesAsync(context, status, whole.AsMemory(0, whole.Length / 2));
                break;
            case SiteFault.Latin1:
                await BytesAsync(context, 200, Encoding.Latin1.GetBytes(Encoding.UTF8.GetString(Json(await carryOut(), out _))));
                break;
            case SiteFault.DeclaredLatin1:
                await BytesAsync(context, 200, Json(await carryOut(), out _), "application/json; charset=iso-8859-1");
                break;
            case SiteFault.TenMegabytes:
                await BytesAsync(context, 200, Encoding.UTF8.GetBytes($$"""{"messages":[],"has_more":false,"rest":"{{new string('x', 10 << 20)}}"}"""));
                break;
            case SiteFault.Endless:
                await EndlessAsync(context);
                break;
            case SiteFault.GzipBomb:
                context.Response.Headers.ContentEncoding = "gzip";
                await BytesAsync(context, 200, Bomb.Value);
                break;
            case SiteFault.RedirectToItself:
                context.Response.Redirect("/wp-json/elsewhere" + context.Request.Path, permanent: true);
                break;
            case SiteFault.RedirectElsewhere:
                context.Response.Redirect(elsewhere + context.Request.Path.Value);
                break;
            case SiteFault.RedirectLoop:
                context.Response.Redirect("/wp-json" + context.Request.Path + context.Request.QueryString, permanent: false, preserveMethod: true);
                break;
            case SiteFault.TooManyRequests:
                await PageAsync(context, 429, "<h1>Too Many Requests</h1>");
                break;
            case SiteFault.TooManyRequestsRetryAfter:
                context.Response.Headers.RetryAfter = "7";
                await PageAsync(context, 429, "<h1>Too Many Requests</h1>");
                break;
            case SiteFault.ClosedBeforeTheAnswer:
                context.Abort();
                break;
            case SiteFault.ClosedInTheAnswer:
                var cut = Json(await carryOut(), out status);
                context.Response.ContentLength = cut.Length;
                await BytesAsync(context, status, cut.AsMemory(0, cut.Length / 2));
                await context.Response.Body.FlushAsync(context.RequestAborted);
                context.Abort();
                break;
            case SiteFault.AnswerLost:
                await carryOut();
                context.Abort();
                break;
            case SiteFault.CarriedOutLate:
                await UntilTheCallerLeavesAsync(context);
                await carryOut();
                break;
            case SiteFault.ByteOrderMark:
                await BytesAsync(context, 200, (byte[])[0xEF, 0xBB, 0xBF, .. Json(await carryOut(), out _)]);
                break;
            case SiteFault.PhpWarning:
                byte[] warning = [.. "<br />\n<b>Warning</b>:  Undefined variable $x in <b>/var/www/wp-content/plugins/other/other.php</b> on line <b>12</b><br />\n"u8];
                await BytesAsync(context, 200, (byte[])[.. warning, .. Json(await carryOut(), out _)]);
                break;
            case SiteFault.Nothing:
                context.Response.ContentLength = 0;
                break;
            case SiteFault.OtherJson:
                await BytesAsync(context, 200, """["hello",null,{"message":7,"messages":"none","results":3}]"""u8.ToArray());
                break;
            default:
                throw new InvalidOperationException($"No such fault: {fault}.");
        }
    }

    private static async Task UntilTheCallerLeavesAsync(HttpContext context)
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = context.RequestAborted.Register(left.SetResult);
        await left.Task;
    }

    private static async Task PageAsync(HttpContext context, int status, string content)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=UTF-8";
        await context.Response.WriteAsync($"<!DOCTYPE html><html><body>{content}</body></html>", context.RequestAborted);
    }

    private static async Task BytesAsync(HttpContext context, int status, ReadOnlyMemory<byte> bytes, string contentType = "application/json; charset=UTF-8")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private async Task EndlessAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json; charset=UTF-8";
        await context.Response.WriteAsync("{\"messages\":[],\"has_more\":false,\"rest\":\"", context.RequestAborted);
        var piece = Encoding.ASCII.GetBytes(new string('x', 64 << 10));
        // The writer says when the caller has left; the stream would take what is written to nobody. It may not know yet what the request will be told as soon
        // as a thread is free: without a pause nothing would end this.
        while (await context.Response.BodyWriter.WriteAsync(piece, context.RequestAborted) is { IsCompleted: false, IsCanceled: false })
        {
            if (Interlocked.Add(ref _bytes, piece.Length) % (1 << 20) == 0)
                await Task.Delay(1, context.RequestAborted);
        }
    }

    private static byte[] Json(SiteAnswer answer, out int status)
    {
        status = answer.Status;
        return Encoding.UTF8.GetBytes(answer.Body!.ToJsonString(Unescaped));
    }

    private static byte[] PackBomb()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            var spaces = new byte[1 << 20];
            Array.Fill(spaces, (byte)' ');
            for (var megabyte = 0; megabyte < 256; megabyte++)
                gzip.Write(spaces);
        }

        return packed.ToArray();
    }
}
