namespace EngineIO.Transports;

/// <summary>One or more packets of type <c>message</c>, encoded once and framed once, to be sent to any number of sessions.</summary>
public sealed class OutboundMessage
{
    private OutboundMessage() { }

    /// <summary>Whether a per-message compression may be applied to it. Default true.</summary>
    public bool Compress { get; init; } = true;

    /// <summary>A text message.</summary>
    public static OutboundMessage Text(ReadOnlySpan<byte> utf8) => throw new NotImplementedException();

    /// <summary>A binary message.</summary>
    public static OutboundMessage Binary(ReadOnlySpan<byte> data) => throw new NotImplementedException();
}
