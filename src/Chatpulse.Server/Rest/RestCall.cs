using System.Text.Json.Serialization.Metadata;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Identity;

namespace Chatpulse.Server.Rest;

/// <summary>One call of a REST route: its parameters, who makes it, and its answer.</summary>
/// <remarks>
/// A handler reads all parameters first and asks for the user afterwards: like WordPress, a call is refused for a wrong parameter
/// before it is refused for its caller.
/// </remarks>
internal sealed class RestCall(HttpContext context, RestParameters parameters, Authenticator authenticator)
{
    public HttpContext Context => context;

    public RestParameters Parameters => parameters;

    /// <summary>Cancelled when the caller goes away.</summary>
    public CancellationToken Aborted => context.RequestAborted;

    /// <summary>An id in the path. Anything but digits is no route at all; 0 and what no client can count to is a wrong parameter.</summary>
    public long PathId(string name)
    {
        var text = (string)context.Request.RouteValues[name]!;
        foreach (var character in text)
        {
            if (!char.IsAsciiDigit(character))
                throw RestException.NoRoute();
        }

        if (!ChatIds.TryRead(text, out var id))
            parameters.Refuse(name, ChatIds.Rule);
        return id;
    }

    /// <summary>Who calls, once every parameter is known to be right.</summary>
    /// <exception cref="RestException">A parameter was missing or wrong.</exception>
    /// <exception cref="ChatException"><c>unauthenticated</c>: nobody, or nobody proven.</exception>
    public ValueTask<UserIdentity> UserAsync()
    {
        parameters.ThrowIfWrong();
        return authenticator.AuthenticateAsync(context.Request, Aborted);
    }

    /// <summary>Answers with JSON.</summary>
    public Task AnswerAsync<T>(T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(value, type, contentType: null, Aborted);
    }
}
