using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.Sqlite;

public sealed partial class SqliteChatStore
{
    private const string AddReaction = """
        INSERT INTO chatpulse_message_reactions (message_id, emoji, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
        """;

    private const string RemoveReaction = "DELETE FROM chatpulse_message_reactions WHERE message_id = $1 AND emoji = $2 AND user_id = $3";

    private const string CountEmoji = "SELECT count(DISTINCT emoji) FROM chatpulse_message_reactions WHERE message_id = $1";

    private const string TouchMessage = "UPDATE chatpulse_messages SET updated_at = $2 WHERE id = $1";

    private const string SelectReactions = """
        SELECT r.message_id, r.emoji, r.user_id
        FROM json_each($1) ids JOIN chatpulse_message_reactions r ON r.message_id = ids.value
        ORDER BY r.id
        """;

    /// <inheritdoc />
    public async ValueTask<ChatMessage> ReactAsync(
        long userId, long threadId, long messageId, string emoji, bool remove, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(messageId, "messageId");
        StoreInput.RequireEmoji(emoji);
        await CheckAccessAsync(userId, threadId, cancellationToken);
        return await writer.WriteAsync(
            session =>
            {
                RequireMessage(session, userId, threadId, messageId);
                if (session.Execute(remove ? RemoveReaction : AddReaction, messageId, emoji, userId) > 0)
                    session.Execute(TouchMessage, messageId, Now);
                if (!remove && session.QueryNumber(CountEmoji, messageId) > StoreLimits.EmojiPerMessage)
                    throw new ChatException(ChatErrorCodes.TooLarge, $"A message may have at most {StoreLimits.EmojiPerMessage} different emoji");
                return ReadByIds(session, [messageId])[0];
            },
            cancellationToken);
    }

    /// <summary>The reactions of these messages, by message; the emoji in the order of their first use.</summary>
    private static Dictionary<long, IReadOnlyList<MessageReaction>> ReadReactions(SqliteSession session, string messageIds)
    {
        var found = new Dictionary<long, IReadOnlyList<MessageReaction>>();
        using var reader = session.Query(SelectReactions, messageIds);
        while (reader.Read())
        {
            var messageId = reader.GetInt64(0);
            if (!found.TryGetValue(messageId, out var ofMessage))
                found.Add(messageId, ofMessage = new List<MessageReaction>());
            var reactions = (List<MessageReaction>)ofMessage;
            var emoji = reader.GetString(1);
            var reaction = reactions.Find(reaction => string.Equals(reaction.Emoji, emoji, StringComparison.Ordinal));
            if (reaction is null)
                reactions.Add(reaction = new MessageReaction(emoji, new List<long>()));
            ((List<long>)reaction.UserIds).Add(reader.GetInt64(2));
        }

        return found;
    }
}
