using Chatpulse.Server.Configuration;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Tests.Stores.WordPress;
using Chatpulse.Server.Tests.Stores.WordPress.Site;
using Stores.Specification;

namespace WordPress.Tests;

/// <summary>The WordPress store over the real site, emptied.</summary>
internal sealed class RealStoreHarness : IStoreHarness
{
    private readonly RealSite _site;
    private readonly StoreHost _host;

    private RealStoreHarness(RealSite site)
    {
        _site = site;
        _host = new StoreHost(new ServerSettings
        {
            WordPressBaseUrl = site.BaseUrl,
            WordPressApiKey = site.ApiKey,
            AuthMode = AuthMode.Token,
            AuthSecret = site.Setting("AUTH_SECRET"),
            // Long, because the machine may be busy.
            WordPressTimeout = TimeSpan.FromSeconds(60),
        });
    }

    public IChatStore Store => _host.Store;

    public long UnknownUserId => 999_999_999;

    public long UnknownThreadId => 888_888_888;

    public long UnknownContentId => 777_777_777;

    /// <summary>Names are WordPress's.</summary>
    public bool NamesComeWithSignIns => false;

    /// <summary>The plugin's tables, which are older than it, have no place for it.</summary>
    public bool KeepsOrderOfFiles => false;

    public static async Task<IStoreHarness> CreateAsync(RealSite site)
    {
        await site.ForgetEverythingAsync();
        return new RealStoreHarness(site);
    }

    public async ValueTask<long> AddUserAsync(string name) => await _site.AddUserAsync(name);

    public async ValueTask RenameUserAsync(long userId, string name)
    {
        await _site.RenameUserAsync(userId, name);
        // As after the user signed out and in; names are remembered for a while.
        _host.Store.SignedOut(userId);
    }

    public string KeptContent(string content) => ContentFilter.Content(content);

    public string KeptTitle(string title) => ContentFilter.Title(title);

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
