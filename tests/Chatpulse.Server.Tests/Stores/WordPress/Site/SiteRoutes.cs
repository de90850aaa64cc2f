using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>The routes of one plugin, and those of WordPress itself that the chat server uses.</summary>
internal abstract class SiteRoutes
{
    protected const string Namespace = "/chatpulse-chat/v1";

    protected const string ThreadIdPattern = @"(?P<thread_id>\d+)";

    protected const string MessageIdPattern = @"(?P<message_id>\d+)";

    private readonly List<Route> _routes = [];

    protected SiteRoutes(SiteData data, string apiKey)
    {
        Data = data;
        ApiKey = apiKey;
        Add("GET", "/", _ => SiteAnswer.Ok(Root()));
        Add("GET", Namespace, _ => SiteAnswer.Ok(Index()));
        Add("GET", "/wp/v2/users/me", Me);
        Add("GET", @"/wp/v2/users/(?P<id>\d+)", WordPressUser);
    }

    protected SiteData Data { get; }

    protected string ApiKey { get; }

    /// <summary>What became of a request. The caller holds the lock of the tables.</summary>
    public SiteAnswer Answer(SiteRequest request)
    {
        // A cookie counts only with its nonce, and a nonce that is wrong ends the request whatever else came along.
        var cookie = CookieUser(request);
        var nonce = request.Headers["X-WP-Nonce"].ToString();
        if (nonce.Length > 0 && nonce != cookie?.Nonce)
            throw new SiteRefusal(403, "rest_cookie_invalid_nonce", "Cookie check failed");
        foreach (var route in _routes)
        {
            if (route.Method == request.Method && route.Path.Match(request.Path) is { Success: true } match)
            {
                foreach (var name in match.Groups.Keys.Where(key => !char.IsDigit(key[0])))
                    request.Add(name, match.Groups[name].Value);
                return route.Answer(new SiteCall(request, nonce.Length > 0 ? cookie : null));
            }
        }

        throw SiteRefusal.NoRoute;
    }

    protected void Add(string method, string path, Func<SiteCall, SiteAnswer> answer) => _routes.Add(new Route(
        method, path, new Regex("^" + path.Replace("(?P<", "(?<", StringComparison.Ordinal) + "$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture), answer));

    /// <summary>Whom the call acts as.</summary>
    protected abstract SiteCaller Caller(SiteCall call);

    /// <summary>Somebody; the call is refused for nobody.</summary>
    protected SiteUser Somebody(SiteCall call) => Caller(call) is var caller && caller.User is { } user ? user
        : caller.HasKey ? throw new SiteRefusal(403, "rest_user_required", "The key alone is not enough here: name the user in X-Chatpulse-User.")
        : throw SiteRefusal.NotSignedIn;

    protected bool HasKey(SiteCall call) => call.Request.Headers["X-Chatpulse-API-Key"].ToString() == ApiKey;

    protected SiteUser? User(long? id) => id is { } known ? Data.Users.GetValueOrDefault(known) : null;

    private static SiteAnswer Show(SiteUser user) => SiteAnswer.Ok(new JsonObject
    {
        ["id"] = user.Id,
        ["name"] = user.Name,
        ["url"] = "",
        ["description"] = "",
        ["link"] = $"http://site.example/author/{user.Login}/",
        ["slug"] = user.Login,
    });

    private SiteUser? CookieUser(SiteRequest request)
    {
        var cookies = request.Headers.Cookie.ToString();
        return Data.Users.Values.FirstOrDefault(user => cookies.Contains($"wordpress_logged_in_site={user.LoginCookie}", StringComparison.Ordinal));
    }

    private SiteAnswer Me(SiteCall call)
    {
        call.Request.ThrowIfInvalid();
        return Show(call.SignedIn ?? throw SiteRefusal.NotSignedIn);
    }

    private SiteAnswer WordPressUser(SiteCall call)
    {
        call.Request.ThrowIfInvalid();
        var asked = User(call.Request.Integer("id")) ?? throw new SiteRefusal(404, "rest_user_invalid_id", "Invalid user ID.");
        // The first user has published something and is public with it.
        if (asked.Id != 1 && asked != call.SignedIn && call.SignedIn is not { IsAdministrator: true })
            throw new SiteRefusal(call.SignedIn is null ? 401 : 403, "rest_user_cannot_view", "Sorry, you are not allowed to list users.");
        return Show(asked);
    }

    private JsonObject Root() => new()
    {
        ["name"] = "Scripted site",
        ["gmt_offset"] = Data.TimeZone.GetUtcOffset(Data.Now).TotalHours,
        ["timezone_string"] = Data.TimeZone.Id == "UTC" ? "" : Data.TimeZone.Id,
        ["namespaces"] = new JsonArray("oembed/1.0", "chatpulse-chat/v1", "wp/v2"),
    };

    private JsonObject Index()
    {
        var routes = _routes.Where(r => r.Pattern.StartsWith(Namespace, StringComparison.Ordinal)).GroupBy(r => r.Pattern, StringComparer.Ordinal);
        return new JsonObject
        {
            ["namespace"] = Namespace[1..],
            ["routes"] = new JsonObject(routes.Select(route => KeyValuePair.Create(
                route.Key, (JsonNode?)new JsonObject { ["namespace"] = Namespace[1..], ["methods"] = new JsonArray([.. route.Select(r => (JsonNode)r.Method)]) }))),
        };
    }

    private sealed record Route(string Method, string Pattern, Regex Path, Func<SiteCall, SiteAnswer> Answer);
}
