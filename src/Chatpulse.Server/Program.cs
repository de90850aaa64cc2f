using System.Net.Sockets;
using Chatpulse.Server;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Stores;

const int BadConfiguration = 78; // EX_CONFIG of sysexits.h
const int CannotStart = 1;

try
{
    var settings = SettingsReader.Read(SettingsSource.Open(Directory.GetCurrentDirectory()));
    await using var app = ChatServer.Build(settings);
    await app.RunAsync();
    return 0;
}
catch (SettingsException wrong)
{
    await Console.Error.WriteLineAsync("Chatpulse cannot start with this configuration:");
    foreach (var problem in wrong.Problems)
        await Console.Error.WriteLineAsync($"  - {problem}");
    return BadConfiguration;
}
catch (StoreOpenException failure)
{
    await Console.Error.WriteLineAsync($"Chatpulse cannot start with this DATA_DIR: {failure.Message}");
    return CannotStart;
}
catch (Exception failure) when (failure is IOException or SocketException)
{
    // A port in use, a port or an address that is not ours to take: a stack trace would add nothing.
    await Console.Error.WriteLineAsync($"Chatpulse cannot listen where HOST and PORT say: {failure.Message}");
    return CannotStart;
}
