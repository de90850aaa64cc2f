namespace Chatpulse.Server.Webhooks;

/// <summary>A webhook's body lacks a field, or has a wrong one; the message names it.</summary>
internal sealed class WebhookException(string message, Exception? innerException = null) : Exception(message, innerException);
