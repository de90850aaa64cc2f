using System.Text.Json;

namespace Chatpulse.Server.Tests.Chat;

/// <summary>Reads what the server answers.</summary>
internal static class Answers
{
    /// <summary>The answer, which must say that it was done.</summary>
    public static JsonElement Ok(this JsonElement answer) =>
        answer.GetProperty("ok").GetBoolean() ? answer : throw new InvalidOperationException($"Refused: {answer.GetRawText()}");

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static long Number(this JsonElement element, string name) => element.GetProperty(name).GetInt64();
}
