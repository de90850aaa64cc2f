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
catch (Exception failure) when (failure is StoreOpenException or IOException)
{
    // The data directory or the port: the message says which, a stack trace would add nothing.
    await Console.Error.WriteLineAsync($"Chatpulse cannot start: {failure.Message}");
    return CannotStart;
}
