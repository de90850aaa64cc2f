using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using EngineIO.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace SocketIO;

/// <summary>
/// The browser bundles of <c>socket.io-client</c>, served beside the endpoint under the names that the official server uses:
/// <c>socket.io.js</c>, <c>.min.js</c>, <c>.esm.min.js</c>, <c>.msgpack.min.js</c> and the source map of each.
/// </summary>
/// <remarks>
/// They are embedded in the assembly, compressed with Brotli and gzip when it was built, and sent as they lie there; a client
/// that accepts neither gets them unpacked while they are sent. Nothing is cached and nothing is shared between requests, so
/// any number of them may run at once.
/// </remarks>
internal static class ClientBundle
{
    private const string ResourceFolder = "client-bundle/";
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head, HttpMethods.Options];

    /// <summary>The names of the files.</summary>
    public static FrozenSet<string> Files { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
        "socket.io.js",
        "socket.io.js.map",
        "socket.io.min.js",
        "socket.io.min.js.map",
        "socket.io.esm.min.js",
        "socket.io.esm.min.js.map",
        "socket.io.msgpack.min.js",
        "socket.io.msgpack.min.js.map");

    /// <summary>The version of <c>socket.io-client</c> that the files come from.</summary>
    public static string Version { get; } = ReadVersion();

    // The version alone, the same for every encoding, as the official server has it: caches in front of either see one thing.
    private static readonly EntityTagHeaderValue ETag = new($"\"{Version}\"");

    /// <summary>
    /// Maps every file below <paramref name="path"/>, for GET and HEAD, with the CORS headers of <paramref name="engine"/>: a page of another origin
    /// needs them to import the ES module.
    /// </summary>
    /// <returns>What a convention added later applies to: all of the files.</returns>
    public static IEndpointConventionBuilder MapClientBundle(this IEndpointRouteBuilder endpoints, string path, EngineServer engine)
    {
        var group = endpoints.MapGroup(path.TrimEnd('/'));
        foreach (var file in Files)
            group.MapMethods("/" + file, Methods, context => Serve(context, file, engine)).WithDisplayName("Socket.IO client " + file);
        return group;
    }

    private static async Task Serve(HttpContext context, string file, EngineServer engine)
    {
        if (engine.ApplyCors(context))
            return;
        if (HttpMethods.IsOptions(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = "GET, HEAD";
            return;
        }

        var request = context.Request.GetTypedHeaders();
        var headers = context.Response.GetTypedHeaders();
        headers.ETag = ETag;
        headers.CacheControl = new CacheControlHeaderValue { Public = true, MaxAge = TimeSpan.Zero };
        headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
        if (request.IfNoneMatch.Any(tag => tag.Compare(ETag, useStrongComparison: false) || tag.Equals(EntityTagHeaderValue.Any)))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = file.EndsWith(".map", StringComparison.Ordinal)
            ? "application/json; charset=utf-8"
            : "application/javascript; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";

        var encoding = ChooseEncoding(request.AcceptEncoding);
        var resource = OpenResource(file + (encoding is "gzip" ? ".gz" : ".br"));
        await using (resource.ConfigureAwait(false))
        {
            if (encoding is not null)
            {
                context.Response.Headers.ContentEncoding = encoding;
                context.Response.ContentLength = resource.Length;
            }

            if (HttpMethods.IsHead(context.Request.Method))
                return;
            if (encoding is not null)
            {
                await resource.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
                return;
            }

            var plain = new BrotliStream(resource, CompressionMode.Decompress, leaveOpen: true);
            await using (plain.ConfigureAwait(false))
                await plain.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary><c>br</c>, else <c>gzip</c>, else null for neither. The smaller one wins among those that are accepted at all.</summary>
    private static string? ChooseEncoding(IList<StringWithQualityHeaderValue> accepted)
    {
        return Accepts("br") ? "br" : Accepts("gzip") ? "gzip" : null;

        bool Accepts(string encoding)
        {
            double? everythingElse = null;
            foreach (var item in accepted)
            {
                if (item.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase))
                    return item.Quality is not 0;
                if (item.Value.Equals("*", StringComparison.Ordinal))
                    everythingElse = item.Quality ?? 1;
            }

            return everythingElse > 0;
        }
    }

    private static Stream OpenResource(string name)
    {
        return Assembly.GetExecutingAssembly().GetManifestResourceStream(ResourceFolder + name)
            ?? throw new InvalidOperationException($"The assembly was built without the client bundle: {name} is not embedded in it.");
    }

    private static string ReadVersion()
    {
        using var reader = new StreamReader(OpenResource("version"));
        return reader.ReadToEnd();
    }
}
