using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Chatpulse.Server.Tests.Rest;
using Shouldly;

namespace Chatpulse.Server.Tests.Attachments;

public sealed class AttachmentRoutesTests(DevelopmentServer server) : IClassFixture<DevelopmentServer>
{
    private const string Attachments = "/wp-json/chatpulse-chat/v1/attachments";
    private const int MaxBytes = 10 * 1024 * 1024;

    private static readonly byte[] Png = [0x89, .. "PNG\r\n\u001a\n"u8, .. "the rest of a picture"u8];
    private static readonly byte[] Zip = [.. "PK\u0003\u0004"u8, .. "xxxxxxxxxxxxxxxxxxxxxx"u8];
    private static readonly byte[] Docx = [.. "PK\u0003\u0004"u8, .. "xxxxxxxxxxxxxxxxxxxxxx[Content_Types].xml"u8];
    private static readonly byte[] Ole = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, byte[]> Accepted => new()
    {
        { "a.jpg", "image/jpeg", [0xFF, 0xD8, 0xFF, 0xE0, 0] },
        { "a.JPEG", "image/jpg", [0xFF, 0xD8, 0xFF, 0xE1, 0] },
        { "a.png", "image/png", Png },
        { "a.png", "application/octet-stream", Png },
        { "a.gif", "image/gif", [.. "GIF89a"u8, 0] },
        { "a.webp", "image/webp", [.. "RIFF"u8, 1, 0, 0, 0, .. "WEBPVP8 "u8] },
        { "a.pdf", "application/pdf", [.. "%PDF-1.7"u8] },
        { "a.txt", "text/plain; charset=utf-8", [.. "Grüße 😀\n"u8] },
        { "a.doc", "application/msword", Ole },
        { "a.xls", "application/vnd.ms-excel", Ole },
        { "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Docx },
        { "a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Docx },
        { "a.zip", "application/x-zip-compressed", Zip },
    };

    public static TheoryData<string, string, byte[]> Refused => new()
    {
        { "x.exe", "application/octet-stream", [.. "MZ"u8] },
        { "page.html", "text/html", [.. "<script>alert(1)</script>"u8] },
        { "picture.svg", "image/svg+xml", [.. "<svg onload='alert(1)'/>"u8] },
        { "noextension", "text/plain", [.. "x"u8] },
        { "a.png", "image/png", [.. "<script>alert(1)</script>"u8] },
        { "a.png", "image/png", [0x89] },
        { "a.jpg", "image/png", Png },
        { "a.png", "image/jpeg", Png },
        { "a.txt", "text/html", [.. "<script>alert(1)</script>"u8] },
        { "a.txt", "text/plain", [.. "a\0b"u8] },
        { "a.txt", "text/plain", [.. "caf"u8, 0xE9] },
        { "a.txt", "text/plain", [.. "cut in the middle of a letter "u8, 0xC3] },
        { "a.webp", "image/webp", [.. "RIFF"u8, 1, 0, 0, 0, .. "AVI LIST"u8] },
        { "a.docx", "application/octet-stream", Zip },
        { "a.pdf", "application/pdf", Zip },
    };

    [Theory]
    [MemberData(nameof(Accepted))]
    public async Task Every_type_of_the_list_is_kept_and_comes_back_as_it_was(string name, string declared, byte[] content)
    {
        var alice = server.NewUser();

        var kept = await UploadAsync(alice, name, declared, content).JsonAsync(HttpStatusCode.Created);

        kept.Names().ShouldBe(["attachment_id", "url", "filename", "size", "mime_type", "created_at", "created_at_gmt"]);
        kept.Text("filename").ShouldBe(name);
        kept.Id("size").ShouldBe(content.Length);
        kept.Text("url").ShouldBe($"{Attachments}/{kept.Id("attachment_id")}");
        using var file = await server.GetAsync(alice, kept.Text("url"));
        file.StatusCode.ShouldBe(HttpStatusCode.OK);
        file.Content.Headers.ContentType!.MediaType.ShouldBe(kept.Text("mime_type"));
        (await file.Content.ReadAsByteArrayAsync(Cancel)).ShouldBe(content);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_is_of_another_type_or_not_what_it_says_is_refused_and_not_kept(string name, string declared, byte[] content)
    {
        await UploadAsync(server.NewUser(), name, declared, content).ShouldRefuseAsync(400, "invalid_file_type");
        Directory.EnumerateFiles(server.Server.DataDirectory, "*.part", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task Text_that_turns_out_wrong_far_behind_its_beginning_is_refused()
    {
        var content = Encoding.UTF8.GetBytes(new string('é', 200_000));
        await UploadAsync(server.NewUser(), "good.txt", "text/plain", content).JsonAsync(HttpStatusCode.Created);
        content[^4] = 0xFF;
        await UploadAsync(server.NewUser(), "bad.txt", "text/plain", content).ShouldRefuseAsync(400, "invalid_file_type");
    }

    [Fact]
    public async Task Ten_megabytes_are_taken_and_one_byte_more_is_413_and_leaves_nothing()
    {
        var alice = server.NewUser();
        var content = new byte[3 * MaxBytes / 2];
        Png.CopyTo(content, 0);
        await UploadAsync(alice, "large.png", "image/png", content[..MaxBytes]).JsonAsync(HttpStatusCode.Created);
        await UploadAsync(alice, "larger.png", "image/png", content[..(MaxBytes + 1)]).ShouldRefuseAsync(413, "rest_too_large");
        await UploadAsync(alice, "far too large.png", "image/png", content).ShouldRefuseAsync(413, "rest_too_large");
        Directory.EnumerateFiles(server.Server.DataDirectory, "*.part", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_call_without_a_file_says_that_it_is_missing()
    {
        var client = server.As(server.NewUser());
        await client.PostAsync(Attachments, """{"file":"x"}""").ShouldMissAsync("file");
        using var other = new MultipartFormDataContent { { new StringContent("x"), "title" } };
        await client.PostAsync(new Uri(Attachments, UriKind.Relative), other, Cancel).ShouldMissAsync("file");
    }

    [Fact]
    public async Task A_text_field_or_an_empty_file_is_no_file()
    {
        var alice = server.NewUser();
        using var text = new MultipartFormDataContent { { new StringContent("x"), "file" } };
        await server.As(alice).PostAsync(new Uri(Attachments, UriKind.Relative), text, Cancel).ShouldRefuseParameterAsync("file");
        await UploadAsync(alice, "a.txt", "text/plain", []).ShouldRefuseParameterAsync("file");
    }

    [Theory]
    [InlineData("multipart/form-data", "x")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\n\r\nno disposition\r\n--b--\r\n")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nbreaks off")]
    [InlineData("multipart/form-data; boundary=b", "no boundary at all")]
    public async Task A_body_that_breaks_the_rules_is_400(string contentType, string body)
    {
        using var content = new StringContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } };
        var error = await server.As(server.NewUser()).PostAsync(new Uri(Attachments, UriKind.Relative), content, Cancel).JsonAsync(HttpStatusCode.BadRequest);
        error.Text("code").ShouldBe("rest_invalid_form");
    }

    [Fact]
    public async Task Nobody_unknown_uploads()
    {
        using var form = Form("a.png", "image/png", Png);
        await server.Anonymous.PostAsync(new Uri(Attachments, UriKind.Relative), form, Cancel).ShouldRefuseAsync(401, "rest_not_logged_in");
    }

    [Fact]
    public async Task A_file_is_the_uploaders_alone_until_it_is_sent_and_then_the_threads()
    {
        var (alice, bob, carol) = (server.NewUser(), server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        var kept = await UploadAsync(alice, "photo.png", "image/png", Png).JsonAsync(HttpStatusCode.Created);
        var url = kept.Text("url");
        await server.GetAsync(bob, url).ShouldRefuseAsync(404, "attachment_not_found");
        await server.Anonymous.GetAsync(new Uri(url, UriKind.Relative), Cancel).ShouldRefuseAsync(401, "rest_not_logged_in");

        var message = (await server.As(alice).PostAsync($"/wp-json/chatpulse-chat/v1/threads/{thread}", $$"""{"content":"look","attachment_ids":[{{kept.Id("attachment_id")}}]}""")
            .JsonAsync(HttpStatusCode.Created)).GetProperty("message");

        var shown = message.List("attachments").ShouldHaveSingleItem();
        shown.Names().ShouldBe(["id", "filename", "url", "mime_type", "size", "created_at", "created_at_gmt"]);
        shown.Text("url").ShouldBe(url);
        using var file = await server.GetAsync(bob, url);
        (await file.Content.ReadAsByteArrayAsync(Cancel)).ShouldBe(Png);
        await server.GetAsync(carol, url).ShouldRefuseAsync(404, "attachment_not_found");
        await server.GetAsync(carol, Attachments + "/99999999").ShouldRefuseAsync(404, "attachment_not_found");
    }

    [Fact]
    public async Task A_file_comes_with_headers_that_keep_it_from_being_a_page()
    {
        var alice = server.NewUser();
        var picture = await HeadersAsync("Größe.png", "image/png", Png);
        picture.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("inline");
        picture.Content.Headers.ContentDisposition.FileNameStar.ShouldBe("Größe.png");

        var text = await HeadersAsync("a;b.txt", "text/plain", [.. "<script>alert(1)</script>"u8]);
        text.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
        text.Content.Headers.ContentDisposition.FileName.ShouldBe("a_b.txt");

        var document = await HeadersAsync("a.pdf", "application/pdf", [.. "%PDF-1.7"u8]);
        document.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");

        async Task<HttpResponseMessage> HeadersAsync(string name, string type, byte[] content)
        {
            var kept = await UploadAsync(alice, name, type, content).JsonAsync(HttpStatusCode.Created);
            var file = await server.GetAsync(alice, kept.Text("url"));
            file.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
            file.Headers.GetValues("Content-Security-Policy").ShouldBe(["sandbox; default-src 'none'"]);
            file.Headers.CacheControl!.Private.ShouldBeTrue();
            file.Headers.Vary.ShouldBe(["Authorization", "X-Chatpulse-User"]);
            return file;
        }
    }

    [Fact]
    public async Task A_part_of_a_file_can_be_asked_for_and_a_copy_revalidated()
    {
        var alice = server.NewUser();
        var kept = await UploadAsync(alice, "a.txt", "text/plain", [.. "0123456789"u8]).JsonAsync(HttpStatusCode.Created);

        using var range = new HttpRequestMessage(HttpMethod.Get, kept.Text("url")) { Headers = { Range = new RangeHeaderValue(2, 5) } };
        using var part = await server.As(alice).SendAsync(range, Cancel);
        part.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        (await part.Content.ReadAsStringAsync(Cancel)).ShouldBe("2345");

        using var beyond = new HttpRequestMessage(HttpMethod.Get, kept.Text("url")) { Headers = { Range = new RangeHeaderValue(50, 60) } };
        using var none = await server.As(alice).SendAsync(beyond, Cancel);
        none.StatusCode.ShouldBe(HttpStatusCode.RequestedRangeNotSatisfiable);

        using var again = new HttpRequestMessage(HttpMethod.Get, kept.Text("url"));
        again.Headers.IfNoneMatch.Add(part.Headers.ETag!);
        using var unchanged = await server.As(alice).SendAsync(again, Cancel);
        unchanged.StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    private Task<HttpResponseMessage> UploadAsync(long userId, string name, string type, byte[] content) => PostAsync(server.As(userId), Form(name, type, content));

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, MultipartFormDataContent form)
    {
        using (form)
            return await client.PostAsync(new Uri(Attachments, UriKind.Relative), form, Cancel);
    }

    private static MultipartFormDataContent Form(string name, string type, byte[] content) => new()
    {
        { new StringContent("a field before it"), "caption" },
        { new ByteArrayContent(content) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } }, "file", name },
    };
}
