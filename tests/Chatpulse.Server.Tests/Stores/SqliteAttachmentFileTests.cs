using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores;

/// <summary>The files of attachments: bounded, cleaned up, never left half.</summary>
public sealed class SqliteAttachmentFileTests : IAsyncLifetime
{
    private const int MaxBytes = 1000;

    private readonly SqliteStoreHarness harness = new(options => options with { MaxAttachmentBytes = MaxBytes, AttachmentUrlPrefix = "/files/" });
    private long ann;
    private long thread;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        ann = await harness.AddUserAsync("Ann");
        thread = (await harness.Store.CreateThreadAsync(ann, ThreadTypes.Group, null, [], Cancellation)).Thread.Id;
    }

    public ValueTask DisposeAsync() => harness.DisposeAsync();

    [Fact]
    public async Task The_address_is_the_prefix_and_the_id()
    {
        var attachment = await UploadAsync(new MemoryStream([1]));

        attachment.Url.ShouldBe($"/files/{attachment.Id}");
    }

    [Fact]
    public async Task A_file_up_to_the_bound_is_kept_and_a_larger_one_leaves_nothing()
    {
        (await UploadAsync(new MemoryStream(new byte[MaxBytes]))).Size.ShouldBe(MaxBytes);

        var refusal = await Should.ThrowAsync<ChatException>(() => UploadAsync(new MemoryStream(new byte[MaxBytes + 1])));

        refusal.Code.ShouldBe(ChatErrorCodes.TooLarge);
        Files().Length.ShouldBe(1);
    }

    [Fact]
    public async Task An_upload_that_breaks_off_leaves_nothing()
    {
        await Should.ThrowAsync<ChatException>(() => UploadAsync(new BrokenStream()));

        Files().ShouldBeEmpty();
    }

    [Fact]
    public async Task Names_on_the_disk_say_nothing_of_the_file()
    {
        await UploadAsync(new MemoryStream([1]), "secret-plans.html");
        await UploadAsync(new MemoryStream([1]), "secret-plans.html");

        Files().Length.ShouldBe(2);
        Files().ShouldAllBe(name => name.Length == 32 && name.All(char.IsAsciiHexDigitLower));
    }

    [Fact]
    public async Task What_was_never_sent_is_deleted_after_a_day()
    {
        var unsent = await UploadAsync(new MemoryStream([1]));
        var sent = await UploadAsync(new MemoryStream([2]));
        await harness.Store.SendAsync(new NewMessage(ann, thread, null, "look", ContentTypes.PlainText, [sent.Id]), Cancellation);

        harness.Clock.Advance(TimeSpan.FromHours(23));
        (await harness.Sqlite.DeleteUnusedAttachmentsAsync(Cancellation)).ShouldBe(0);
        harness.Clock.Advance(TimeSpan.FromHours(2));
        (await harness.Sqlite.DeleteUnusedAttachmentsAsync(Cancellation)).ShouldBe(1);

        (await Should.ThrowAsync<ChatException>(harness.Store.OpenAttachmentAsync(ann, unsent.Id, Cancellation).AsTask())).Code.ShouldBe(ChatErrorCodes.NotFound);
        await using var content = (await harness.Store.OpenAttachmentAsync(ann, sent.Id, Cancellation)).Content;
        content.Length.ShouldBe(1);
        Files().Length.ShouldBe(1);
    }

    [Fact]
    public async Task Files_that_a_killed_process_left_are_deleted()
    {
        await UploadAsync(new MemoryStream([1]));
        await File.WriteAllTextAsync(Path.Combine(harness.AttachmentDirectory, "0123456789abcdef0123456789abcdef"), "no row", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(harness.AttachmentDirectory, "fedcba.part"), "half", Cancellation);

        await harness.ReopenAsync();
        Files().Length.ShouldBe(2);
        harness.Clock.Advance(TimeSpan.FromHours(25));
        (await harness.Sqlite.DeleteUnusedAttachmentsAsync(Cancellation)).ShouldBe(2);

        Files().ShouldBeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task The_server_cleans_up_when_it_starts_and_again_later()
    {
        using var cleanup = new UnusedAttachmentCleanup(harness.Store, harness.Clock, NullLogger<UnusedAttachmentCleanup>.Instance);
        await UploadAsync(new MemoryStream([1]));
        harness.Clock.Advance(TimeSpan.FromHours(25));

        await cleanup.StartAsync(Cancellation);
        while (Files().Length > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);

        await UploadAsync(new MemoryStream([1]));
        while (Files().Length > 0)
        {
            harness.Clock.Advance(TimeSpan.FromHours(1));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        }

        await cleanup.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_file_that_is_gone_from_the_disk_is_not_found()
    {
        var attachment = await UploadAsync(new MemoryStream([1]));
        File.Delete(Path.Combine(harness.AttachmentDirectory, Files().Single()));

        (await Should.ThrowAsync<ChatException>(harness.Store.OpenAttachmentAsync(ann, attachment.Id, Cancellation).AsTask())).Code.ShouldBe(ChatErrorCodes.NotFound);
    }

    private string[] Files() => [.. Directory.EnumerateFiles(harness.AttachmentDirectory).Select(path => Path.GetFileName(path))];

    private async Task<ChatAttachment> UploadAsync(Stream content, string name = "a.txt")
    {
        await using (content)
            return await harness.Store.AddAttachmentAsync(ann, name, "text/plain", content, Cancellation);
    }

    /// <summary>Gives some bytes and then fails, as a connection does that breaks.</summary>
    private sealed class BrokenStream : MemoryStream
    {
        private int reads;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ++reads > 2 ? throw new IOException("The connection broke") : new(10);
    }
}
