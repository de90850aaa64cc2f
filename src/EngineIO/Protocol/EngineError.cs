using Microsoft.AspNetCore.Http;

namespace EngineIO.Protocol;

/// <summary>What a request that cannot be served is answered with: the official server's code and message, as JSON.</summary>
internal sealed record EngineError(int Code, string Message, int Status = StatusCodes.Status400BadRequest)
{
    /// <summary>No, or an unknown, <c>transport</c>.</summary>
    public static readonly EngineError UnknownTransport = new(0, "Transport unknown");

    /// <summary>A <c>sid</c> that no open session has.</summary>
    public static readonly EngineError UnknownSession = new(1, "Session ID unknown");

    /// <summary>A handshake that is not a GET.</summary>
    public static readonly EngineError BadHandshakeMethod = new(2, "Bad handshake method");

    /// <summary>Anything else that is wrong with the request.</summary>
    public static readonly EngineError BadRequest = new(3, "Bad request");

    /// <summary>The application does not let it in.</summary>
    public static readonly EngineError Forbidden = new(4, "Forbidden", StatusCodes.Status403Forbidden);

    /// <summary>A protocol other than 4.</summary>
    public static readonly EngineError UnsupportedProtocol = new(5, "Unsupported protocol version");

    /// <summary>A POST that is larger than a message may be.</summary>
    public static readonly EngineError PayloadTooLarge = new(3, "Payload too large", StatusCodes.Status413PayloadTooLarge);

    /// <summary>The server holds as many sessions as it may.</summary>
    public static readonly EngineError TooManySessions = new(4, "Too many sessions", StatusCodes.Status503ServiceUnavailable);

    /// <summary>The server is on its way out.</summary>
    public static readonly EngineError ShuttingDown = new(4, "Server shutting down", StatusCodes.Status503ServiceUnavailable);
}
