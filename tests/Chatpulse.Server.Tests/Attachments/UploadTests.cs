using System.Text;
using Chatpulse.Server.Attachments;
using Shouldly;

namespace Chatpulse.Server.Tests.Attachments;

public sealed class UploadTests
{
    [Theory]
    [InlineData("photo.png", "photo.png")]
    [InlineData("C:\\Users\\me\\photo.png", "photo.png")]
    [InlineData("../../etc/passwd.txt", "passwd.txt")]
    [InlineData("a\r\nb\0c.txt", "abc.txt")]
    [InlineData("evil\u202Egnp.exe", "evilgnp.exe")]
    [InlineData("zero\u200Bwidth.png", "zerowidth.png")]
    [InlineData("  ..hidden.png. ", "hidden.png")]
    [InlineData("a<b>:c\"d|e?f*%2e;.png", "a_b__c_d_e_f__2e_.png")]
    [InlineData("Größe 😀.png", "Größe 😀.png")]
    [InlineData("", "file")]
    [InlineData("..", "file")]
    [InlineData("dir/", "file")]
    public void Names_of_files_lose_what_could_harm(string name, string safe) => Upload.Sanitize(name).ShouldBe(safe);

    [Fact]
    public void A_long_name_is_cut_between_characters_and_keeps_its_extension()
    {
        var safe = Upload.Sanitize(string.Concat(Enumerable.Repeat("😀", 300)) + ".png");
        safe.Length.ShouldBeLessThanOrEqualTo(150);
        safe.ShouldEndWith(".png");
        new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(safe).ShouldBeGreaterThan(0);
        safe.EnumerateRunes().ShouldNotContain(Rune.ReplacementChar);
    }
}
