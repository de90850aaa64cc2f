using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;

namespace Chatpulse.Server.Tests.Configuration;

/// <summary>What the framework would do for settings in files, which this server does not have.</summary>
public sealed class FileWatchTests
{
    [Fact]
    public async Task No_file_is_watched_in_the_working_directory_where_messages_are_written()
    {
        await using var host = await TestServer.StartAsync();

        var configuration = (IConfigurationRoot)host.Services.GetRequiredService<IConfiguration>();

        configuration.Providers.OfType<FileConfigurationProvider>().ShouldAllBe(provider => !provider.Source.ReloadOnChange);
    }
}
