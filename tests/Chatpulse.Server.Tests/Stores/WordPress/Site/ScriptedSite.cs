using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Chatpulse.Server.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>
/// A WordPress site in memory, on a port of this machine: with the plugin as sites run it today, or with ours, well or ill.
/// Held to what a real site answered by <see cref="RecordedCallsTests"/>.
/// </summary>
/// <remarks>Threading: requests come side by side; the lock of the tables is held while one is carried out, never while anything is sent.</remarks>
internal sealed class ScriptedSite : IAsyncDisposable
{
    public const string ApiKey = "the key of the scripted site";

    private const string RestPrefix = "/wp-json";

    // A chat server that does not take a webhook within this time does not hold up the site any longer.
    private static readonly TimeSpan WebhookTimeout = TimeSpan.FromSeconds(2);

    private readonly SiteRoutes _routes;
    private readonly bool _tellsBeforeAnswer;
    private readonly HttpClient _webhookClient = new() { Timeout = WebhookTimeout };
    private readonly ConcurrentQueue<SeenRequest> _requests = new();
    private readonly ConcurrentQueue<SiteWebhook> _webhooks = new();
    private readonly ConcurrentBag<Task> _telling = [];
    private int _open;
    private WebApplication? _app;
    private volatile Misbehaviour? _misbehaviour;
    private volatile SiteGate? _gate;

    private ScriptedSite(SiteData data, SiteRoutes routes, bool tellsBeforeAnswer)
    {
        Data = data;
        _routes = routes;
        _tellsBeforeAnswer = tellsBeforeAnswer;
    }

    /// <summary>The tables.</summary>
    public SiteData Data { get; }

    public int Port { get; private set; }

    /// <summary>For <c>WP_BASE_URL</c>.</summary>
    public Uri BaseUrl => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}{RestPrefix}"));

    /// <summary>The chat server that is told news, if any.</summary>
    public Uri? ChatServer { get; set; }

    /// <summary>Signs the webhooks of our plugin.</summary>
    public string? WebhookSecret { get; set; }

    /// <summary>Where <see cref="SiteFault.RedirectElsewhere"/> leads.</summary>
    public Uri? Elsewhere { get; set; }

    /// <summary>The requests that came, the oldest first.</summary>
    public IReadOnlyList<SeenRequest> Requests => [.. _requests];

    /// <summary>What was told, or would have been, the oldest first.</summary>
    public IReadOnlyList<SiteWebhook> Webhooks => [.. _webhooks];

    /// <summary>Requests that are being answered.</summary>
    public int Open => Volatile.Read(ref _open);


    /// <summary>A site with the plugin as sites run it today.</summary>
    public static Task<ScriptedSite> StartStockAsync(TimeProvider? clock = null)
    {
        var data = new SiteData(clock ?? TimeProvider.System);
        return StartAsync(new ScriptedSite(data, new StockPlugin(data, ApiKey), tellsBeforeAnswer: true));
    }

    /// <summary>A site with our plugin.</summary>
    public static Task<ScriptedSite> StartChatpulseAsync(TimeProvider? clock = null)
    {
        var data = new SiteData(clock ?? TimeProvider.System);
        return StartAsync(new ScriptedSite(data, new ChatpulsePlugin(data, ApiKey), tellsBeforeAnswer: false));
    }

    /// <summary>What a signed-in user's browser shows.</summary>
    public static WordPressCredentials Credentials(SiteUser user) => new($"wordpress_logged_in_site={user.LoginCookie}", user.Nonce);

    /// <summary>From now on the site misbehaves, to the requests that fit, so many times.</summary>
    public Misbehaviour Misbehave(SiteFault fault, Func<SeenRequest, bool>? when = null, int times = int.MaxValue) =>
        _misbehaviour = new Misbehaviour(fault, when ?? (_ => true), times, Elsewhere);

    /// <summary>From now on the site does what it should.</summary>
    public void Behave() => _misbehaviour = null;

    /// <summary>From now on requests that fit wait, before anything is done with them, until the gate is opened.</summary>
    public SiteGate Hold(Func<SeenRequest, bool> holds) => _gate = new SiteGate(holds);

    /// <summary>Stops the site in the middle of whatever it does: connections are cut, and new ones refused.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _app, null) is not { } app)
            return;
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }

    /// <summary>Starts the site again, where it was and with all it had.</summary>
    public async Task StartAgainAsync()
    {
        var app = Build(Port);
        await app.StartAsync(TestContext.Current.CancellationToken);
        _app = app;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Task.WhenAll(_telling);
        _webhookClient.Dispose();
    }

    private static async Task<ScriptedSite> StartAsync(ScriptedSite site)
    {
        // Below the ports that are given to whoever asks for any, so that the place is still free after a stop.
        for (var port = Random.Shared.Next(12_000, 32_000); ; port = Random.Shared.Next(12_000, 32_000))
        {
            var app = site.Build(port);
            try
            {
                await app.StartAsync(TestContext.Current.CancellationToken);
                site._app = app;
                site.Port = port;
                return site;
            }
            catch (IOException)
            {
                // Somebody else has it.
                await app.DisposeAsync();
            }
        }
    }

    private WebApplication Build(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.AddServerHeader = false;
            // A slow answer is meant to be slow.
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestBodySize = 64 << 20;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        var app = builder.Build();
        app.Run(HandleAsync);
        return app;
    }

    private async Task HandleAsync(HttpContext context)
    {
        Interlocked.Increment(ref _open);
        try
        {
            var request = context.Request;
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, context.RequestAborted);
            if (!request.Path.StartsWithSegments(RestPrefix, StringComparison.Ordinal, out var path))
            {
                context.Response.StatusCode = 404;
                return;
            }

            request.Path = path.HasValue ? path : "/";
            var headers = new HeaderDictionary(request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase));
            var seen = new SeenRequest(request.Method, request.Path.Value!, request.QueryString.Value ?? "", headers, body.ToArray());
            _requests.Enqueue(seen);
            if (_gate is { } gate)
                await gate.PassAsync(seen, context.RequestAborted);
            if (_misbehaviour is { } misbehaviour && misbehaviour.Takes(seen))
                await misbehaviour.AnswerAsync(context, () => CarryOutAsync(context.Request, seen.Body));
            else
                await WriteAsync(context, await CarryOutAsync(context.Request, seen.Body));
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // The caller has left, or the site was stopped.
        }
        finally
        {
            if (context.Features.Get<PendingWebhook>() is { } pending)
                _telling.Add(TellAfterAsync(context, pending.Webhook));
            Interlocked.Decrement(ref _open);
        }
    }

    /// <summary>Does what was asked for. The stock plugin tells the chat server before it answers, ours afterwards.</summary>
    private async Task<SiteAnswer> CarryOutAsync(HttpRequest httpRequest, byte[] body)
    {
        var request = await SiteRequest.ReadAsync(httpRequest, body);
        SiteAnswer answer;
        lock (Data.Lock)
        {
            try
            {
                answer = _routes.Answer(request);
            }
            catch (SiteRefusal refusal)
            {
                return new SiteAnswer(refusal.Status, refusal.Body);
            }
        }

        if (answer.Webhook is { } webhook)
        {
            _webhooks.Enqueue(webhook);
            if (_tellsBeforeAnswer)
                await TellAsync(webhook);
            else
                httpRequest.HttpContext.Features.Set(new PendingWebhook(webhook));
        }

        return answer;
    }

    private async Task TellAsync(SiteWebhook webhook)
    {
        if (ChatServer is not { } server)
            return;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, webhook.Path));
        var body = webhook.Body.ToJsonString();
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (WebhookSecret is { } secret)
        {
            var timestamp = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{timestamp}.{body}"));
            request.Headers.Add("X-Chatpulse-Timestamp", timestamp);
            request.Headers.Add("X-Chatpulse-Signature", "sha256=" + Convert.ToHexStringLower(signature));
        }

        try
        {
            using var answer = await _webhookClient.SendAsync(request);
        }
        catch (Exception unheard) when (unheard is HttpRequestException or TaskCanceledException)
        {
            // Nobody listens; the site does not mind.
        }
    }

    private async Task TellAfterAsync(HttpContext context, SiteWebhook webhook)
    {
        try
        {
            await context.Response.CompleteAsync();
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // What was done is told also when nobody waits for the answer any more.
        }

        await TellAsync(webhook);
    }

    internal static async Task WriteAsync(HttpContext context, SiteAnswer answer)
    {
        context.Response.StatusCode = answer.Status;
        if (answer.File is { } file)
        {
            context.Response.ContentType = file.MimeType;
            context.Response.ContentLength = file.Content.Length;
            context.Response.Headers.ContentDisposition = $"attachment; filename*=UTF-8''{Uri.EscapeDataString(file.Filename)}";
            await context.Response.Body.WriteAsync(file.Content, context.RequestAborted);
            return;
        }

        context.Response.ContentType = "application/json; charset=UTF-8";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(answer.Body!.ToJsonString()), context.RequestAborted);
    }

    private sealed record PendingWebhook(SiteWebhook Webhook);
}
