using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Playwright;
using Shouldly;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Chatpulse.Browser;

/// <summary>What two people in one thread do to its messages, and what becomes of them.</summary>
public sealed class MessageChangesTests(ChatServer server, Chromium chromium) : IClassFixture<ChatServer>, IClassFixture<Chromium>
{
    private const string Attack = "<img src=x onerror=alert(1)>";
    private static int lastThread = 3000;
    private readonly int thread = Interlocked.Increment(ref lastThread);

    [Fact]
    public async Task Two_people_edit_react_and_delete()
    {
        var (ann, bob) = await EnterBothAsync();
        await bob.Page.EvaluateAsync("() => { document.hasFocus = () => false; dispatchEvent(new Event('blur')); }");
        await ann.SayAsync("Helo");
        await bob.SeesAsync("Helo");
        await ann.SeesStateAsync("Helo", "delivered");
        await Expect(ann.Message("Helo").Locator(".state")).ToHaveAttributeAsync("aria-label", "Delivered");
        await bob.Page.EvaluateAsync("() => { document.hasFocus = () => true; dispatchEvent(new Event('focus')); }");
        await ann.SeesStateAsync("Helo", "read");

        // All of it with the keyboard.
        await OpenActionsAsync(ann.Message("Helo"));
        await PressAsync(ann, "Edit");
        var editor = ann.Page.GetByLabel("New text of the message");
        await Expect(editor).ToBeFocusedAsync();
        await editor.FillAsync("never mind");
        await editor.PressAsync("Escape");
        await Expect(editor).ToHaveCountAsync(0);
        await Expect(ann.Message("Helo").Locator(".more")).ToBeFocusedAsync();
        await ann.Page.Keyboard.PressAsync("Enter");
        await PressAsync(ann, "Edit");
        await editor.FillAsync(Attack);
        await editor.PressAsync("Enter");
        foreach (var window in (ChatWindow[])[ann, bob])
        {
            await window.SeesAsync(Attack);
            await Expect(window.Message(Attack).Locator(".edited")).ToHaveTextAsync("edited");
            await Expect(window.Page.Locator("#messages img")).ToHaveCountAsync(0);
        }

        await ann.SeesStateAsync(Attack, "read");

        await OpenActionsAsync(bob.Message(Attack));
        await Expect(bob.Page.Locator(".actions .edit, .actions .delete")).ToHaveCountAsync(0);
        await PressAsync(bob, "React with 👍");
        await Expect(Reaction(ann)).ToHaveTextAsync("👍 1");
        await Expect(Reaction(ann)).ToHaveAttributeAsync("aria-pressed", "false");
        await Reaction(ann).ClickAsync();
        await Expect(Reaction(bob)).ToHaveTextAsync("👍 2");
        await Expect(Reaction(bob)).ToHaveAttributeAsync("aria-pressed", "true");
        await Reaction(bob).ClickAsync();
        await Expect(Reaction(ann)).ToHaveTextAsync("👍 1");
        await Expect(Reaction(ann)).ToHaveAttributeAsync("aria-pressed", "true");

        await bob.Page.ReloadAsync();
        await bob.SeesAsync(Attack);
        await Expect(bob.Message(Attack).Locator(".edited")).ToBeVisibleAsync();
        await Expect(Reaction(bob)).ToHaveTextAsync("👍 1");

        await OpenActionsAsync(ann.Message(Attack));
        await PressAsync(ann, "Delete");
        await Expect(ann.Page.GetByText("Delete this message for everybody?")).ToBeVisibleAsync();
        await Expect(ann.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToBeFocusedAsync();
        await PressAsync(ann, "Delete");
        await SeeDeletedAsync(ann);
        await SeeDeletedAsync(bob);
        await bob.Page.ReloadAsync();
        await SeeDeletedAsync(bob);
        await CloseAsync(ann, bob);
    }

    [Fact]
    public async Task What_was_done_while_the_connection_was_lost_is_shown_after_it()
    {
        await server.WriteAsync(123, thread, ["before"]);
        var bob = await chromium.EnterAsync(server, 124, thread);
        await bob.SeesAsync("before");
        var id = await bob.Message("before").GetAttributeAsync("data-id");

        // The window's own way to the server is closed and not the server: somebody else has to change the message meanwhile.
        await bob.Page.Context.SetOfflineAsync(true);
        await bob.Page.EvaluateAsync("() => dispatchEvent(new Event('offline'))");
        await Expect(bob.Banner).ToContainTextAsync("The connection is lost.");
        var ann = await chromium.EnterAsync(server, 123, thread);
        await OpenActionsAsync(ann.Message("before"));
        await PressAsync(ann, "Edit");
        await ann.Page.GetByLabel("New text of the message").FillAsync("after");
        await ann.Page.Keyboard.PressAsync("Enter");
        await ann.SeesAsync("after");

        await bob.Page.Context.SetOfflineAsync(false);
        await bob.SeesAsync("after");
        await Expect(bob.Message("after")).ToHaveAttributeAsync("data-id", id!);
        await CloseAsync(ann, bob);
    }

    [Fact]
    public async Task A_refusal_is_told_at_the_message_and_what_was_written_stays()
    {
        var ann = await chromium.EnterAsync(server, 123, thread);
        await ann.SayAsync("short");
        await ann.SeesStoredAsync("short");
        await OpenActionsAsync(ann.Message("short"));
        await PressAsync(ann, "Edit");
        var editor = ann.Page.GetByLabel("New text of the message");
        await editor.EvaluateAsync("element => element.removeAttribute('maxlength')");

        await editor.FillAsync(new string('x', 10_001));
        await editor.PressAsync("Enter");

        await Expect(ann.Message("short").Locator(".problem")).ToContainTextAsync("at most 10000 characters");
        await Expect(editor).ToHaveValueAsync(new string('x', 10_001));
        await Expect(ann.Page.Locator("#alert")).ToBeHiddenAsync();
        await editor.FillAsync("shorter");
        await editor.PressAsync("Enter");
        await ann.SeesAsync("shorter");
        await Expect(ann.Message("shorter").Locator(".problem")).ToBeHiddenAsync();
        await ann.CloseAsync();
    }

    [Fact]
    public async Task A_site_that_takes_anything_for_an_emoji_does_no_harm()
    {
        var ann = await chromium.EnterAsync(server, 123, thread);

        // The server lets no such emoji in; what a WordPress site tells of its own is shown by the same code.
        var shown = await ann.Page.EvaluateAsync<string[]>(
            """
            async (attack) => {
              const { MessageList } = await import('./message-list.js');
              const { createChatView } = await import('./chat-view.js');
              const view = createChatView(2);
              document.body.append(view.frame);
              const message = { id: 1, threadId: 1, senderId: 7, senderName: attack, content: attack, createdAt: '2026-01-01T00:00:00Z', editedAt: attack };
              new MessageList(view, { seen: () => true, read: (content) => content, nameOf: () => attack }).add({ ...message, reactions: [{ emoji: attack, userIds: [7, 8] }] });
              return [view.log.querySelector('.reaction').textContent, String(view.log.querySelectorAll('img, script').length)];
            }
            """,
            Attack);

        shown.ShouldBe([Attack + " 2", "0"]);
        await ann.CloseAsync();
    }

    [Fact]
    public async Task Files_open_for_who_may_see_them()
    {
        byte[] pixel = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");
        await ShareAsync(123, "a picture", "pixel.png", pixel);
        await ShareAsync(123, "a text", "notes.txt", Encoding.UTF8.GetBytes("only for us"));
        var bob = await chromium.EnterAsync(server, 124, thread);

        await bob.Page.GetByRole(AriaRole.Link, new() { Name = "pixel.png" }).ClickAsync();
        var picture = bob.Page.GetByRole(AriaRole.Img, new() { Name = "pixel.png" });
        await Expect(picture).ToHaveJSPropertyAsync("naturalWidth", 1);

        var saved = await bob.Page.RunAndWaitForDownloadAsync(() => bob.Page.GetByRole(AriaRole.Link, new() { Name = "notes.txt" }).ClickAsync());
        saved.SuggestedFilename.ShouldBe("notes.txt");
        (await File.ReadAllTextAsync((await saved.PathAsync())!, TestContext.Current.CancellationToken)).ShouldBe("only for us");
        await bob.CloseAsync();
    }

    private static ILocator Reaction(ChatWindow window) => window.Message(Attack).Locator(".reaction");

    private static async Task OpenActionsAsync(ILocator message)
    {
        await message.GetByRole(AriaRole.Button, new() { Name = "What to do with this message" }).FocusAsync();
        await message.Page.Keyboard.PressAsync("Enter");
    }

    private static async Task PressAsync(ChatWindow window, string button)
    {
        await window.Page.Locator(".actions").GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).FocusAsync();
        await window.Page.Keyboard.PressAsync("Enter");
    }

    private static async Task SeeDeletedAsync(ChatWindow window)
    {
        await window.SeesAsync("This message was deleted.");
        await Expect(window.Messages).ToHaveCountAsync(1);
        await Expect(window.Messages.GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
    }

    private async Task ShareAsync(int userId, string content, string filename, byte[] file)
    {
        using var http = new HttpClient { BaseAddress = new Uri(server.Url, "wp-json/chatpulse-chat/v1/") };
        http.DefaultRequestHeaders.Add("X-Chatpulse-User", userId.ToString(CultureInfo.InvariantCulture));
        using var upload = new MultipartFormDataContent { { new ByteArrayContent(file), "file", filename } };
        using var uploaded = await http.PostAsync(new Uri("attachments", UriKind.Relative), upload, TestContext.Current.CancellationToken);
        var id = (await uploaded.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("attachment_id").GetInt64();
        var message = new Dictionary<string, object>(StringComparer.Ordinal) { ["content"] = content, ["attachment_ids"] = new[] { id } };
        using var written = await http.PostAsJsonAsync(new Uri($"threads/{thread}", UriKind.Relative), message, TestContext.Current.CancellationToken);
        written.EnsureSuccessStatusCode();
    }

    private async Task<(ChatWindow Ann, ChatWindow Bob)> EnterBothAsync()
    {
        var ann = await chromium.EnterAsync(server, 123, thread);
        var bob = await chromium.EnterAsync(server, 124, thread);
        await ann.SeesPersonAsync(124, "online");
        return (ann, bob);
    }

    private static async Task CloseAsync(params ChatWindow[] windows)
    {
        foreach (var window in windows)
            await window.CloseAsync();
    }
}
