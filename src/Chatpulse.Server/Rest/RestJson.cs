using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Chatpulse.Server.Rest;

/// <summary>How the REST answers are written: names in snake_case, letters of every script as themselves.</summary>
[JsonSerializable(typeof(ThreadsAnswer))]
[JsonSerializable(typeof(ThreadAnswer))]
[JsonSerializable(typeof(ParticipantsAnswer))]
[JsonSerializable(typeof(ChangedThreadAnswer))]
[JsonSerializable(typeof(ParticipantRemovedAnswer))]
[JsonSerializable(typeof(MessagesAnswer))]
[JsonSerializable(typeof(MessageAnswer))]
[JsonSerializable(typeof(ChangedMessageAnswer))]
[JsonSerializable(typeof(ReadAnswer))]
[JsonSerializable(typeof(ReceiptsAnswer))]
[JsonSerializable(typeof(TypingAnswer))]
[JsonSerializable(typeof(TypingUsersAnswer))]
[JsonSerializable(typeof(AttachmentAnswer))]
[JsonSerializable(typeof(IReadOnlyList<RestUser>))]
[JsonSerializable(typeof(WordPressUser))]
internal sealed partial class RestJson : JsonSerializerContext
{
    /// <summary>The one to use. <see cref="Default"/> would keep the names as they are in C#.</summary>
    public static RestJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
    });
}
