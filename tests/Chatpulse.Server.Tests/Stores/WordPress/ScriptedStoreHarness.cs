using System.Globalization;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Tests.Stores.WordPress.Site;
using Microsoft.Extensions.Time.Testing;
using Stores.Specification;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>The WordPress store over a scripted site of its own.</summary>
internal sealed class ScriptedStoreHarness : IStoreHarness
{
    private int users;

    private ScriptedStoreHarness(ScriptedSite site, StoreHost host)
    {
        Site = site;
        Host = host;
    }

    public ScriptedSite Site { get; }

    public StoreHost Host { get; }

    public IChatStore Store => Host.Store;

    public long UnknownUserId => 999_999;

    public long UnknownThreadId => 888_888;

    /// <summary>A login was shown to the site just now, and its name is the site's; what comes with a token may be old.</summary>
    public bool NamesComeWithSignIns { get; private init; }

    /// <summary>Over a site with our plugin, as a server with tokens uses it.</summary>
    public static async Task<ScriptedStoreHarness> OfChatpulseAsync(Func<ServerSettings, ServerSettings>? settings = null, TimeProvider? clock = null) =>
        Create(await ScriptedSite.StartChatpulseAsync(SiteClock()), AuthMode.Token, settings, clock);

    /// <summary>Over a site with the stock plugin, as a server uses it whose users show their login, which is the most that can be had there.</summary>
    public static async Task<ScriptedStoreHarness> OfStockAsync(Func<ServerSettings, ServerSettings>? settings = null, TimeProvider? clock = null) =>
        Create(await ScriptedSite.StartStockAsync(SiteClock()), AuthMode.WordPress, settings, clock);

    public static ServerSettings Settings(ScriptedSite site, AuthMode mode) => new()
    {
        WordPressBaseUrl = site.BaseUrl,
        WordPressApiKey = ScriptedSite.ApiKey,
        AuthMode = mode,
        AuthSecret = TestServer.AuthSecret,
        // Long, because the machine may be busy: what waits for it sets a shorter one.
        WordPressTimeout = TimeSpan.FromSeconds(60),
    };

    public ValueTask<long> AddUserAsync(string name)
    {
        lock (Site.Data.Lock)
        {
            // Nothing in the account's name or address that a search for a name would find.
            var number = (++users).ToString(CultureInfo.InvariantCulture);
            var user = Site.Data.AddUser(name, login: number, email: number + "@0.0");
            Host.Sessions.Set(user.Id, "browser", ScriptedSite.Credentials(user));
            return new(user.Id);
        }
    }

    public ValueTask RenameUserAsync(long userId, string name)
    {
        lock (Site.Data.Lock)
            Site.Data.Users[userId].Name = name;
        // As after the user signed out and in; names are remembered for a while.
        Host.Store.SignedOut(userId);
        return ValueTask.CompletedTask;
    }

    public string KeptContent(string content) => ContentFilter.Content(content);

    public string KeptTitle(string title) => ContentFilter.Title(title);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Site.DisposeAsync();
    }

    // Goes on whenever it is read, so that messages of one test share seconds and cross them, and stays behind the store's.
    private static FakeTimeProvider SiteClock() => new(DateTimeOffset.UtcNow.AddHours(-1)) { AutoAdvanceAmount = TimeSpan.FromMilliseconds(300) };

    private static ScriptedStoreHarness Create(ScriptedSite site, AuthMode mode, Func<ServerSettings, ServerSettings>? settings, TimeProvider? clock)
    {
        site.Data.MessagesPerMinute = 0;
        site.Data.AddUser("Site owner", "owner", role: "administrator");
        var chosen = Settings(site, mode);
        return new ScriptedStoreHarness(site, new StoreHost(settings?.Invoke(chosen) ?? chosen, clock)) { NamesComeWithSignIns = mode == AuthMode.WordPress };
    }
}
