namespace SocketIO.Protocol;

/// <summary>Where an argument is in the JSON of its packet.</summary>
/// <param name="Start">First byte.</param>
/// <param name="Length">Length in bytes.</param>
/// <param name="LoneSurrogate">Whether some text in it has half of a surrogate pair: JSON allows the escape, a .NET string of it cannot be made.</param>
internal readonly record struct ArgumentRange(int Start, int Length, bool LoneSurrogate);
