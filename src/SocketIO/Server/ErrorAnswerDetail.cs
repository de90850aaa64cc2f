namespace SocketIO.Server;

/// <summary>Why it failed.</summary>
internal sealed record ErrorAnswerDetail(string Code, string Message);
