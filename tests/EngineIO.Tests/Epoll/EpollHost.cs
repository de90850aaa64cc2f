using EngineIO.Epoll;
using EngineIO.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace EngineIO.Tests.Epoll;

/// <summary>A host whose connections belong to event loops, whatever transport the other tests use; one loop unless a test wants more.</summary>
internal static class EpollHost
{
    public static Task<EngineHost> StartAsync(
        Action<EngineIOOptions>? configure = null,
        TimeProvider? time = null,
        RecordingApplication? application = null,
        Action<ListenOptions>? listen = null,
        Action<WebApplication>? map = null,
        int loops = 1,
        Action<EpollTransportOptions>? epoll = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        return EngineHost.StartAsync(configure, time, application ?? RecordingApplication.Echo(), listen, Configure, map);

        void Configure(EpollTransportOptions options)
        {
            options.LoopCount = loops;
            epoll?.Invoke(options);
        }
    }

    /// <summary>Threads of event loops that the process has.</summary>
    public static int LoopThreads() => Directory.GetDirectories("/proc/self/task").Count(IsLoopThread);

    /// <summary>Sockets that the process has open.</summary>
    public static int Sockets() => Directory.GetFiles("/proc/self/fd").Count(IsSocket);

    /// <summary>Sends a message and reads until it has come back.</summary>
    public static async Task ShouldEchoAsync(WebSocketClient client, string text)
    {
        await client.SendAsync("4" + text);
        (await client.ReadAsync()).ShouldBe("4" + text);
    }

    public static void ShouldHaveLoggedNoError(EngineHost host) =>
        host.Log.Entries.Where(entry => entry.Level >= LogLevel.Error).Select(entry => $"{entry.Category}: {entry.Text} {entry.Exception}").ShouldBeEmpty();

    private static bool IsLoopThread(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")) is var name && name.StartsWith("epoll ", StringComparison.Ordinal) && !name.StartsWith("epoll watch", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return false;
        }
    }

    private static bool IsSocket(string file)
    {
        try
        {
            return new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
