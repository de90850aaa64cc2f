namespace LoadGenerator;

/// <summary>The load could not be put on the server, or the server did not do its part: there is no figure to tell.</summary>
internal sealed class LoadException(string message) : Exception(message);
