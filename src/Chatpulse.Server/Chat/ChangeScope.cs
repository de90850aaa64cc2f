namespace Chatpulse.Server.Chat;

/// <summary>Which messages of a thread a change may touch, and so which changes must not be under way at the same time.</summary>
internal readonly record struct ChangeScope
{
    private const long ReadMessages = -1;
    private const long DeliveredMessages = -2;

    private readonly long _messageId;

    private ChangeScope(long messageId) => _messageId = messageId;

    /// <summary>Receipts, on any messages: two of them are of different people and do not depend on each other.</summary>
    public static ChangeScope Reading => new(ReadMessages);

    /// <summary>Delivery, of any messages: each becomes delivered once, whoever says so.</summary>
    public static ChangeScope Delivery => new(DeliveredMessages);

    /// <summary>One message.</summary>
    public static ChangeScope Message(long messageId) => new(messageId);

    /// <summary>Whether the two may touch the same message in a way that their order decides about.</summary>
    public bool Meets(ChangeScope other) => (_messageId > 0 && other._messageId > 0) == (_messageId == other._messageId);
}
