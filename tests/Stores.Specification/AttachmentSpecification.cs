using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>Files are kept, sent once by who uploaded them, and seen by the thread only.</summary>
public abstract class AttachmentSpecification : StoreSpecification
{
    [Fact]
    public async Task A_file_comes_back_as_it_was_uploaded()
    {
        // As much of a picture as whoever looks at files looks at, and then anything.
        byte[] bytes =
        [
            0x89, .. "PNG\r\n\u001a\n"u8, 0, 0, 0, 13, .. "IHDR"u8, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1F, 0x15, 0xC4, 0x89,
            .. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 31)),
        ];

        var attachment = await UploadAsync(Ann, "photo.png", bytes, "image/png");

        attachment.Filename.ShouldBe("photo.png");
        attachment.MimeType.ShouldBe("image/png");
        attachment.Size.ShouldBe(bytes.Length);
        attachment.Url.ShouldNotBeNullOrWhiteSpace();
        var opened = await Store.OpenAttachmentAsync(Ann, attachment.Id, Cancellation);
        var shown = opened.Attachment;
        (shown.Id, shown.Filename, shown.MimeType, shown.Size).ShouldBe((attachment.Id, "photo.png", "image/png", bytes.Length));
        (await ReadAsync(opened)).ShouldBe(bytes);
    }

    [Fact]
    public async Task Before_it_is_sent_only_the_uploader_sees_it()
    {
        var attachment = await UploadAsync(Ann, "a.txt");

        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.OpenAttachmentAsync(Bob, attachment.Id, Cancellation));
    }

    [Fact]
    public async Task Once_sent_the_members_of_the_thread_see_it_and_nobody_else()
    {
        var attachment = await UploadAsync(Ann, "a.txt");
        var message = await SendAsync(Ann, "look", "t", attachment.Id);

        message.Attachments.ShouldBe([attachment]);
        (await ReadAsync(await Store.OpenAttachmentAsync(Bob, attachment.Id, Cancellation))).ShouldNotBeEmpty();
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.OpenAttachmentAsync(Cem, attachment.Id, Cancellation));
    }

    [Fact]
    public async Task Messages_bring_their_attachments_everywhere_in_the_order_they_were_sent()
    {
        var first = await UploadAsync(Ann, "1.txt");
        var second = await UploadAsync(Ann, "2.txt");
        var sent = await SendAsync(Ann, "look", "t", second.Id, first.Id);
        await SendAsync(Ann, "nothing");
        var third = await UploadAsync(Bob, "3.txt");
        await SendAsync(Bob, "mine", null, third.Id);

        // Where the store does not keep their order, all of them all the same.
        var anyOrder = !Harness.KeepsOrderOfFiles;
        sent.Attachments.ShouldBe([second, first], ignoreOrder: anyOrder);
        var history = (await Store.HistoryAsync(Bob, Thread, null, null, 10, Cancellation)).Messages;
        history.Select(m => m.Attachments.Count).ShouldBe([2, 0, 1]);
        history[0].Attachments.ShouldBe([second, first], ignoreOrder: anyOrder);
        (await SendAsync(Ann, "look", "t")).Attachments.ShouldBe([second, first], ignoreOrder: anyOrder);
        (await Store.ThreadsAsync(Ann, 1, 10, null, Cancellation)).Threads[0].LastMessage!.Attachments.ShouldBe([third]);
    }

    [Fact]
    public async Task A_file_is_sent_once_and_by_its_uploader()
    {
        var attachment = await UploadAsync(Ann, "a.txt");

        await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Bob, "not mine", null, attachment.Id));
        await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Ann, "twice", null, attachment.Id, attachment.Id));
        await SendAsync(Ann, "mine", null, attachment.Id);
        var refusal = await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Ann, "again", null, attachment.Id));

        refusal.Message.ShouldContain("attachments");
        (await Store.HistoryAsync(Ann, Thread, null, null, 10, Cancellation)).Messages.ShouldHaveSingleItem().Content.ShouldBe("mine");
    }

    [Fact]
    public async Task An_unknown_file_is_not_found() =>
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.OpenAttachmentAsync(Ann, Harness.UnknownContentId, Cancellation));

    [Fact]
    public async Task Too_many_files_are_invalid() =>
        await RefusedAsync(
            ChatErrorCodes.Invalid, () => SendAsync(Ann, "x", null, [.. Enumerable.Range(1, StoreLimits.AttachmentsPerMessage + 1).Select(i => (long)i)]));

    [Theory]
    [InlineData("/etc/passwd.txt", "passwd.txt")]
    [InlineData("..\\..\\boot.txt", "boot.txt")]
    [InlineData("a\r\nb\t.txt", "ab.txt")]
    [InlineData("übergröße 😀.txt", "übergröße 😀.txt")]
    [InlineData("'; DROP TABLE x; --.txt", "'; DROP TABLE x; --.txt")]
    public async Task Of_a_filename_only_the_name_is_kept(string given, string kept) =>
        (await UploadAsync(Ann, given)).Filename.ShouldBe(kept);

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("..")]
    [InlineData("dir/")]
    [InlineData("a\0b.txt")]
    public async Task A_filename_that_is_none_is_invalid(string name) =>
        (await RefusedAsync(ChatErrorCodes.Invalid, () => UploadAsync(Ann, name))).Message.ShouldContain("filename");

    [Fact]
    public async Task An_unknown_uploader_is_forbidden() =>
        await RefusedAsync(ChatErrorCodes.Forbidden, () => UploadAsync(Harness.UnknownUserId, "a.txt"));

    private async Task<ChatAttachment> UploadAsync(long user, string name, byte[]? bytes = null, string mimeType = "text/plain")
    {
        using var content = new MemoryStream(bytes ?? [.. "some text"u8]);
        return await Store.AddAttachmentAsync(user, name, mimeType, content, Cancellation);
    }

    private static async Task<byte[]> ReadAsync(AttachmentContent opened)
    {
        await using var content = opened.Content;
        using var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, Cancellation);
        return bytes.ToArray();
    }
}
