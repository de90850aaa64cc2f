using System.Net;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>Registers the store that keeps messages in a WordPress site.</summary>
internal static class WordPressStoreSetup
{
    // A site that moves to another machine is found there within this time.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    /// <summary>Registers the store for <see cref="ServerSettings.WordPressBaseUrl"/>.</summary>
    public static IServiceCollection AddWordPressStore(this IServiceCollection services, ServerSettings settings)
    {
        services.AddHttpClient(WordPressSite.ClientName, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                AutomaticDecompression = DecompressionMethods.All,
                PooledConnectionLifetime = ConnectionLifetime,
                ConnectTimeout = settings.WordPressTimeout,
            })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            // They would write addresses with people's searches; WordPressSite logs what matters.
            .RemoveAllLoggers();
        services.TryAddSingleton<WordPressSessions>();
        services.AddSingleton<WordPressSite>();
        services.TryAddSingleton<IWordPressLogin, SiteLogin>();
        services.AddSingleton<SiteDiscovery>();
        services.AddHostedService(provider => provider.GetRequiredService<SiteDiscovery>());
        services.TryAddSingleton<IChatStore, WordPressChatStore>();
        return services;
    }
}
