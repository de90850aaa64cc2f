using System.IO.Pipelines;
using Chatpulse.Server.Rest;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;

namespace Chatpulse.Server.Tests.Rest;

public sealed class RestEndpointTests
{
    [Fact]
    public async Task A_caller_who_goes_in_the_middle_of_the_body_is_no_failure_of_the_server()
    {
        var endpoint = new RestEndpoint(authenticator: null!, NullLogger<RestEndpoint>.Instance);
        var route = new RestRoute(HttpMethods.Post, "/threads", [], _ => Task.CompletedTask);
        foreach (var end in new Exception[] { new ConnectionResetException("Connection reset by peer"), new ConnectionAbortedException() })
        {
            var body = new Pipe();
            await body.Writer.CompleteAsync(end);
            var context = new DefaultHttpContext { Request = { Method = HttpMethods.Post, ContentType = "application/json", Body = body.Reader.AsStream() } };

            // A failure would be logged and answered with 500.
            await endpoint.RunAsync(context, route);
            context.Response.StatusCode.ShouldBe(StatusCodes.Status200OK);
        }
    }
}
