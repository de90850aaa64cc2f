using System.Text.Json.Serialization;

namespace SocketIO.Server;

/// <summary>What a client's ack gets when the handler failed: <c>{ ok: false, error: { code, message } }</c>.</summary>
internal sealed record ErrorAnswer(ErrorAnswerDetail Error, [property: JsonPropertyOrder(-1)] bool Ok = false);
