using Chatpulse.Server.Configuration;
using Shouldly;

namespace Chatpulse.Server.Tests.Configuration;

public sealed class SettingsSourceTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chatpulse-settings-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Values_come_from_the_file_and_are_taken_as_they_are()
    {
        File.WriteAllText(
            Path.Combine(_directory.FullName, ".env"),
            """
            # a comment
            CHATPULSE_TEST_PLAIN=3001
            export CHATPULSE_TEST_EXPORTED = yes
            CHATPULSE_TEST_QUOTED="two words"
            CHATPULSE_TEST_DOLLAR=a$HOME${HOME}b
            """);

        var source = SettingsSource.Open(_directory.FullName);

        source("CHATPULSE_TEST_PLAIN").ShouldBe("3001");
        source("CHATPULSE_TEST_EXPORTED").ShouldBe("yes");
        source("CHATPULSE_TEST_QUOTED").ShouldBe("two words");
        source("CHATPULSE_TEST_DOLLAR").ShouldBe("a$HOME${HOME}b");
        source("CHATPULSE_TEST_MISSING").ShouldBeNull();
    }

    [Fact]
    public void The_environment_wins_over_the_file()
    {
        File.WriteAllText(Path.Combine(_directory.FullName, ".env"), "PATH=from-the-file\n");
        SettingsSource.Open(_directory.FullName)("PATH").ShouldBe(Environment.GetEnvironmentVariable("PATH"));
    }

    [Fact]
    public void Without_a_file_there_is_only_the_environment() =>
        SettingsSource.Open(_directory.FullName)("CHATPULSE_TEST_MISSING").ShouldBeNull();

    [Fact]
    public void A_file_that_cannot_be_read_is_named()
    {
        File.WriteAllText(Path.Combine(_directory.FullName, ".env"), "CHATPULSE_TEST_OPEN=\"never closed\n");
        Should.Throw<SettingsException>(() => SettingsSource.Open(_directory.FullName)).Message.ShouldContain(".env");
    }
}
