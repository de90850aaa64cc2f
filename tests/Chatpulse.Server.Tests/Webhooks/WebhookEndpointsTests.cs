using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Tests.Rest;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Webhooks;

public sealed class WebhookEndpointsTests
{
    private const string Secret = "the webhook secret";
    private const string Read = """{"userId":"3","threadId":2,"messageIds":["1","2"],"event":"messages_read"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("message", """{"message":{"id":"5","content":"hi","thread_id":2,"sender_id":"3"},"threadId":"2","senderId":3,"event":"message_sent"}""",
        """{"success":true,"threadId":2,"messageId":5}""")]
    [InlineData("read-receipt", Read, """{"success":true,"threadId":2,"messageCount":2}""")]
    [InlineData("read-receipt", """{"userId":3,"threadId":2,"messageIds":{"0":1,"2":"4"}}""", """{"success":true,"threadId":2,"messageCount":2}""")]
    [InlineData("thread-created", """{"thread":{"id":9,"created_by":2},"participantIds":{"0":3,"2":4}}""", """{"success":true,"threadId":9,"participantCount":3}""")]
    [InlineData("thread-created", """{"thread":{"id":9,"created_by":2},"participantIds":[2,"3"]}""", """{"success":true,"threadId":9,"participantCount":2}""")]
    [InlineData("thread-created", """{"thread":{"id":9,"created_by":"2","participants":[{"user_id":5},{"user_id":"6"},7]},"participantIds":[3]}""", """{"success":true,"threadId":9,"participantCount":4}""")]
    [InlineData("participants-changed", """{"threadId":"9","added":[],"removed":{"1":"4"},"participantIds":[]}""", """{"success":true,"threadId":9,"participantCount":1}""")]
    [InlineData("participants-changed", """{"threadId":9}""", """{"success":true,"threadId":9,"participantCount":0}""")]
    [InlineData("message-updated", """{"message":{"id":5,"content":"hi","thread_id":2,"sender_id":"3"},"threadId":2,"event":"message_updated"}""", """{"success":true,"threadId":2,"messageId":5}""")]
    [InlineData("message-deleted", """{"message":{"id":5,"content":"","sender_id":3},"messageId":5,"threadId":2}""", """{"success":true,"threadId":2,"messageId":5}""")]
    [InlineData("user-signed-out", """{"userId":"3","sessionId":null,"event":"user_signed_out"}""", """{"success":true}""")]
    [InlineData("ping", """{"event":"ping"}""", """{"success":true}""")]
    public async Task A_webhook_is_taken_in_every_form_that_wordpress_sends(string path, string body, string answer)
    {
        await using var server = await TestServer.StartAsync();
        (await server.Client().PostAsync("/webhook/" + path, body).JsonAsync()).GetRawText().ShouldBe(answer);
    }

    [Theory]
    [InlineData("message", """{"threadId":2,"senderId":3}""", "message")]
    [InlineData("message", """{"message":{"id":1,"content":"x"},"senderId":3}""", "threadId")]
    [InlineData("message", """{"message":{"id":1,"content":"x"},"threadId":2}""", "senderId")]
    [InlineData("message", """{"message":{"content":"x"},"threadId":2,"senderId":3}""", "message.id")]
    [InlineData("message", """{"message":{"id":1},"threadId":2,"senderId":3}""", "message.content")]
    [InlineData("message", """{"message":{"id":1,"content":"x","thread_id":7},"threadId":2,"senderId":3}""", "message.thread_id")]
    [InlineData("message", """{"message":{"id":1,"content":"x","sender_id":7},"threadId":2,"senderId":3}""", "message.sender_id")]
    [InlineData("message", """{"message":"x","threadId":2,"senderId":3}""", "message")]
    [InlineData("read-receipt", """{"threadId":2,"messageIds":[1]}""", "userId")]
    [InlineData("read-receipt", """{"userId":0,"threadId":2,"messageIds":[1]}""", "userId")]
    [InlineData("read-receipt", """{"userId":1,"threadId":2}""", "messageIds")]
    [InlineData("read-receipt", """{"userId":1,"threadId":2,"messageIds":[]}""", "messageIds")]
    [InlineData("read-receipt", """{"userId":1,"threadId":2,"messageIds":["../1"]}""", "messageIds")]
    [InlineData("thread-created", """{"participantIds":[1]}""", "thread")]
    [InlineData("thread-created", """{"thread":{},"participantIds":[1]}""", "id")]
    [InlineData("thread-created", """{"thread":{"id":1}}""", "participantIds")]
    [InlineData("message-updated", """{"message":{"id":1,"content":"x"},"threadId":2}""", "message.sender_id")]
    [InlineData("message-updated", """{"threadId":2}""", "message")]
    [InlineData("message-deleted", """{"message":{"id":1,"content":"","sender_id":1}}""", "threadId")]
    [InlineData("participants-changed", """{"removed":[1]}""", "threadId")]
    [InlineData("participants-changed", """{"threadId":1,"removed":["x"]}""", "removed")]
    [InlineData("participants-changed", """{"threadId":1,"added":5}""", "added")]
    [InlineData("user-signed-out", "{}", "userId")]
    [InlineData("user-signed-out", """{"userId":1,"sessionId":5}""", "sessionId")]
    [InlineData("user-signed-out", """{"userId":1,"sessionId":""}""", "sessionId")]
    [InlineData("message", "[]", "The body")]
    [InlineData("message", "{", "The body")]
    [InlineData("message", "", "The body")]
    public async Task A_field_that_is_missing_or_wrong_is_named(string path, string body, string field)
    {
        await using var server = await TestServer.StartAsync();
        (await server.Client().PostAsync("/webhook/" + path, body).JsonAsync(HttpStatusCode.BadRequest)).Text("error").ShouldStartWith(field + " ");
    }

    [Fact]
    public async Task A_caller_who_goes_in_the_middle_of_the_body_is_no_failure_of_the_server()
    {
        await using var server = await TestServer.StartAsync();
        var endpoint = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Single(route => route.RoutePattern.RawText is "/webhook/message");
        foreach (var end in new Exception[] { new ConnectionResetException("Connection reset by peer"), new ConnectionAbortedException() })
        {
            var body = new Pipe();
            await body.Writer.CompleteAsync(end);
            var context = new DefaultHttpContext { RequestServices = server.Services };
            context.Request.Body = body.Reader.AsStream();
            await Should.NotThrowAsync(() => endpoint.RequestDelegate!(context));
        }
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413()
    {
        await using var server = await TestServer.StartAsync();
        (await server.Client().PostAsync("/webhook/message", new string(' ', 300_000)).JsonAsync(HttpStatusCode.RequestEntityTooLarge)).Text("error").ShouldNotBeEmpty();
    }

    [Fact]
    public async Task In_production_without_a_secret_nothing_is_taken()
    {
        await using var server = await TestServer.StartAsync(Production);
        (await server.Client().PostAsync("/webhook/read-receipt", Read).JsonAsync(HttpStatusCode.Unauthorized)).Text("error").ShouldContain("WEBHOOK_SECRET");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_a_secret_only_what_is_signed_fresh_and_new_is_taken(bool development)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await TestServer.StartAsync(
            settings => (development ? settings : Production(settings)) with { WebhookSecret = Secret },
            services => services.AddSingleton<TimeProvider>(clock));

        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        await Answers(HttpStatusCode.Unauthorized, timestamp: null, signature: null);
        await Answers(HttpStatusCode.Unauthorized, now, signature: null);
        await Answers(HttpStatusCode.Unauthorized, timestamp: null, Sign(now, Read));
        await Answers(HttpStatusCode.Unauthorized, now, "sha256=" + new string('0', 64));
        await Answers(HttpStatusCode.Unauthorized, now, "sha256=xyz");
        await Answers(HttpStatusCode.Unauthorized, now, Sign(now, Read + " "));
        await Answers(HttpStatusCode.Unauthorized, now + 1, Sign(now, Read));
        await Answers(HttpStatusCode.Unauthorized, now - 301, Sign(now - 301, Read));
        await Answers(HttpStatusCode.Unauthorized, now + 301, Sign(now + 301, Read));

        await Answers(HttpStatusCode.OK, now, Sign(now, Read));
        await Answers(HttpStatusCode.Unauthorized, now, Sign(now, Read));
        await Answers(HttpStatusCode.OK, now + 300, Sign(now + 300, Read));
        clock.Advance(TimeSpan.FromSeconds(599));
        await Answers(HttpStatusCode.Unauthorized, now + 300, Sign(now + 300, Read));

        async Task Answers(HttpStatusCode status, long? timestamp, string? signature)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/webhook/read-receipt") { Content = new StringContent(Read, Encoding.UTF8, "application/json") };
            if (timestamp is { } seconds)
                request.Headers.Add("X-Chatpulse-Timestamp", seconds.ToString(CultureInfo.InvariantCulture));
            if (signature is not null)
                request.Headers.Add("X-Chatpulse-Signature", signature);
            using var answer = await server.Client().SendAsync(request, Cancel);
            answer.StatusCode.ShouldBe(status, await answer.Content.ReadAsStringAsync(Cancel));
        }
    }

    private static ServerSettings Production(ServerSettings settings) =>
        settings with { IsDevelopment = false, AuthMode = AuthMode.Token, AuthSecret = TestServer.AuthSecret };

    private static string Sign(long timestamp, string body) => "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(
        Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{timestamp}.{body}"))));
}
