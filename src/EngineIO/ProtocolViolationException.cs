namespace EngineIO;

/// <summary>A client has sent something that the protocol does not allow; the message says what.</summary>
public sealed class ProtocolViolationException : Exception
{
    /// <summary>Makes one that says what was wrong.</summary>
    public ProtocolViolationException(string message)
        : base(message)
    {
    }
}
