using System.Text.Json;

namespace Chatpulse.Server.Rest;

/// <summary>
/// What there is: <c>GET /wp-json</c>, from which clients also learn the time zone of all times, and <c>GET /wp-json/{namespace}</c>.
/// Open to everybody, as in WordPress.
/// </summary>
internal sealed class RestIndex(string root, string apiNamespace, IReadOnlyList<RestRoute> routes)
{
    private static readonly string[] CoreNamespaces = ["wp/v2"];

    public Task SiteAsync(HttpContext context) => AnswerAsync(context, writer =>
    {
        var home = $"{context.Request.Scheme}://{context.Request.Host}";
        writer.WriteString("name"u8, "Chatpulse");
        writer.WriteString("description"u8, "");
        writer.WriteString("url"u8, home);
        writer.WriteString("home"u8, home);
        writer.WriteNumber("gmt_offset"u8, 0);
        writer.WriteString("timezone_string"u8, "UTC");
        writer.WriteStartArray("namespaces"u8);
        writer.WriteStringValue(apiNamespace);
        foreach (var name in CoreNamespaces)
            writer.WriteStringValue(name);
        writer.WriteEndArray();
        writer.WriteStartArray("authentication"u8);
        writer.WriteEndArray();
        WriteRoutes(writer, routes);
    });

    public Task NamespaceAsync(HttpContext context) => AnswerAsync(context, writer =>
    {
        writer.WriteString("namespace"u8, apiNamespace);
        WriteRoutes(writer, routes.Where(route => route.Path.StartsWith("/" + apiNamespace + "/", StringComparison.Ordinal)));
        writer.WriteStartObject("_links"u8);
        writer.WriteStartArray("up"u8);
        writer.WriteStartObject();
        writer.WriteString("href"u8, $"{context.Request.Scheme}://{context.Request.Host}{root}/");
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static async Task AnswerAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await using (var writer = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private void WriteRoutes(Utf8JsonWriter writer, IEnumerable<RestRoute> shown)
    {
        writer.WriteStartObject("routes"u8);
        foreach (var group in shown.GroupBy(route => route.Path, StringComparer.Ordinal))
        {
            // WordPress names a route by the expression that matches it.
            writer.WriteStartObject(group.Key.Replace("{", "(?P<", StringComparison.Ordinal).Replace("}", ">\\d+)", StringComparison.Ordinal));
            writer.WriteString("namespace"u8, group.Key.StartsWith("/" + apiNamespace + "/", StringComparison.Ordinal) ? apiNamespace : CoreNamespaces[0]);
            writer.WriteStartArray("methods"u8);
            foreach (var route in group)
                writer.WriteStringValue(route.Method);
            writer.WriteEndArray();
            writer.WriteStartArray("endpoints"u8);
            foreach (var route in group)
                WriteEndpoint(writer, route);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteEndpoint(Utf8JsonWriter writer, RestRoute route)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("methods"u8);
        writer.WriteStringValue(route.Method);
        writer.WriteEndArray();
        writer.WriteStartObject("args"u8);
        foreach (var argument in route.Arguments)
        {
            writer.WriteStartObject(argument.Name);
            switch (argument.Default)
            {
                case string text:
                    writer.WriteString("default"u8, text);
                    break;
                case int number:
                    writer.WriteNumber("default"u8, number);
                    break;
                case not null:
                    writer.WriteStartArray("default"u8);
                    writer.WriteEndArray();
                    break;
            }

            writer.WriteBoolean("required"u8, argument.Required);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
