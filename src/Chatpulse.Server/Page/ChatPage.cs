using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace Chatpulse.Server.Page;

/// <summary>
/// The chat page at <c>/</c>: the files of <c>web/</c>, which are embedded in the assembly so that the server stays one file.
/// </summary>
/// <remarks>
/// The files are read once, when the routes are mapped, and never change afterwards; any number of requests may be answered at
/// once. The page needs <c>socket.io.esm.min.js</c>, which the Socket.IO endpoint serves.
/// </remarks>
public static class ChatPage
{
    private const string ResourceFolder = "page/";
    private const string Index = "index.html";
    private const string ImportMapStart = "<script type=\"importmap\">";
    private const string ImportMapEnd = "</script>";

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    private static readonly FrozenDictionary<string, string> ContentTypes = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>
    /// Maps the page to <c>/</c> and what it loads beside it, for GET and HEAD. Browsers ask every time whether a file has changed and
    /// get <c>304</c> when it has not; the content security policy lets the page run its own files only, and nothing else.
    /// </summary>
    /// <returns>What a convention added later applies to: all of the files.</returns>
    public static IEndpointConventionBuilder MapChatPage(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("");
        var policy = ContentSecurityPolicy(Encoding.UTF8.GetString(Read(Index)));
        var files = Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourceFolder, StringComparison.Ordinal))
            .Select(name => name[ResourceFolder.Length..]);
        foreach (var file in files)
        {
            var page = new PageFile(Read(file), ContentTypes[Path.GetExtension(file)], policy);
            var path = string.Equals(file, Index, StringComparison.Ordinal) ? "/" : "/" + file;
            group.MapMethods(path, Methods, page.ServeAsync).WithDisplayName("Chat page " + file);
        }

        return group;
    }

    /// <summary>
    /// No inline script, style or handler runs, whatever a message may have put into the page. The one exception is the import map,
    /// which browsers take only from within the page: it is named by its hash.
    /// </summary>
    private static string ContentSecurityPolicy(string page)
    {
        var start = page.IndexOf(ImportMapStart, StringComparison.Ordinal) + ImportMapStart.Length;
        var importMap = page[start..page.IndexOf(ImportMapEnd, start, StringComparison.Ordinal)];
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(importMap)));
        return $"default-src 'none'; script-src 'self' 'sha256-{hash}'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
            + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
    }

    private static byte[] Read(string file)
    {
        using var resource = Assembly.GetExecutingAssembly().GetManifestResourceStream(ResourceFolder + file)
            ?? throw new InvalidOperationException($"The server was built without its page: web/{file} is not embedded in it.");
        var content = new byte[resource.Length];
        resource.ReadExactly(content);
        return content;
    }

    private sealed class PageFile(byte[] content, string contentType, string policy)
    {
        private readonly EntityTagHeaderValue etag = new($"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16))}\"");

        public Task ServeAsync(HttpContext context)
        {
            var response = context.Response;
            response.GetTypedHeaders().ETag = etag;
            response.Headers.CacheControl = "no-cache";
            response.Headers.ContentSecurityPolicy = policy;
            response.Headers.XContentTypeOptions = "nosniff";
            response.Headers["Referrer-Policy"] = "no-referrer";
            if (context.Request.GetTypedHeaders().IfNoneMatch.Any(tag =>
                tag.Compare(etag, useStrongComparison: false) || tag.Equals(EntityTagHeaderValue.Any)))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return Task.CompletedTask;
            }

            response.ContentType = contentType;
            response.ContentLength = content.Length;
            return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(content, context.RequestAborted).AsTask();
        }
    }
}
