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

    [Theory]
    [InlineData("CHATPULSE_TEST_SECRET hunter2")]
    [InlineData("=hunter2")]
    [InlineData("hunter2")]
    [InlineData("\0CHATPULSE_TEST_SECRET=hunter2")]
    public void A_line_that_sets_nothing_is_refused_by_its_number_and_not_repeated(string line)
    {
        File.WriteAllText(Path.Combine(_directory.FullName, ".env"), $"# a comment\r\n\r\nCHATPULSE_TEST_PLAIN=1\r\n{line}\r\n");
        var problem = Should.Throw<SettingsException>(() => SettingsSource.Open(_directory.FullName)).Problems.ShouldHaveSingleItem();
        problem.ShouldContain(".env, line 4");
        problem.ShouldNotContain("hunter2");
    }

    [Theory]
    [InlineData("CHATPULSE_TEST_PLAIN=1\r\n\r\n# a comment\r\n")]
    [InlineData("CHATPULSE_TEST_PLAIN=1\nCHATPULSE_TEST_LINES=\"one\ntwo\"\n")]
    public void A_byte_order_mark_and_a_value_of_several_lines_are_fine(string content)
    {
        File.WriteAllText(Path.Combine(_directory.FullName, ".env"), content, System.Text.Encoding.UTF8);
        SettingsSource.Open(_directory.FullName)("CHATPULSE_TEST_PLAIN").ShouldBe("1");
    }
}
