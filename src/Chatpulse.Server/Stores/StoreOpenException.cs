namespace Chatpulse.Server.Stores;

/// <summary>A store could not be opened; the message says what is wrong and what would be right, and is meant for whoever starts the server.</summary>
public sealed class StoreOpenException(string message, Exception? innerException = null) : Exception(message, innerException);
