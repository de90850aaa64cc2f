using System.Text.Json;
using Chatpulse.Server.Rest;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Typing;
using EngineIO.Sessions;
using SocketIO.Server;

namespace Chatpulse.Server.Chat;

/// <summary>
/// What is stored and told: the one way to send, read and make threads, for sockets, REST routes and webhooks.
/// Failures are <see cref="ChatException"/>s for the one who asked; nothing is told then.
/// </summary>
/// <remarks>
/// Threading: anyone calls. The order within a thread is kept by its <see cref="ThreadChannel"/>; there is no other state but what was told recently.
/// Telling enqueues and never waits for a client.
/// </remarks>
public sealed class ChatService
{
    // How long what others have stored is held back for the sake of the order, when the store is slow.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // A page of what was missed, and how much of it may wait for the client before the next is read.
    private const int MissedPage = 100;
    private const int QueuedBytes = 64 * 1024;

    // How long a client may take to say that it has a message. Nothing is kept for one that never does but the number, until then.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(30);

    // An older message that is read from the store was told long ago, as far as it ever will be.
    private static readonly TimeSpan EarlyAge = TimeSpan.FromHours(1);

    private readonly IChatStore _store;
    private readonly SocketIOServer _server;
    private readonly TypingTracker _typing;
    private readonly TimeProvider _timeProvider;
    private readonly ThreadChannels _channels;
    private readonly RecentlyTold _told = new();
    private readonly RecentlyTold _threadsTold = new();
    private readonly SentEarly _early = new();
    private readonly Deliveries _deliveries;

    /// <summary>Stores in a store and tells through a server.</summary>
    public ChatService(IChatStore store, SocketIOServer server, TypingTracker typing, TimeProvider timeProvider, ILogger<ChatService> logger)
    {
        _store = store;
        _server = server;
        _typing = typing;
        _timeProvider = timeProvider;
        _channels = new ThreadChannels(store, Tell, timeProvider);
        _deliveries = new Deliveries(DeliverAsync, logger);
    }

    /// <summary>Threads in which something is being stored or joined at this moment.</summary>
    internal int BusyThreads => _channels.Count;

    /// <summary>
    /// Checks, stores and tells a message. The sending connection gets <c>message_id_mapping</c>, everyone else in the thread's room <c>message</c>, and
    /// the sender's typing ends. With no <paramref name="sender"/> it came by REST: the room gets <c>message:received</c> and <c>thread:updated</c> as well.
    /// A repeat of a stored <c>tempId</c> gets its mapping again and tells nobody. Completes when it is stored and told, in the order of ids
    /// within the thread.
    /// </summary>
    public async ValueTask<StoredMessage> SendAsync(MessageDraft draft, Socket? sender, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var message = MessageRules.Check(draft);
        using var lease = _channels.Enter(message.ThreadId);
        var send = new ThreadChannel.Send(
            new NewMessage(message.SenderId, message.ThreadId, message.TempId, message.Content, message.ContentType!, message.AttachmentIds)
            {
                TakenAt = message.TakenAt ?? _timeProvider.GetTimestamp(),
            },
            sender);
        await lease.Channel.SendAsync(send);
        return send.Stored!;
    }

    /// <summary>
    /// Stores that the user has read messages of a thread (null: all of them) and tells the room, one <c>read_receipt</c> a message that is newly
    /// read; with no <paramref name="reader"/> it came by REST, and the room gets one <c>message:read</c> as well. A message that everybody has read now is told
    /// by <c>message_update</c> to the room and to its sender. Answers the new receipts.
    /// </summary>
    public async ValueTask<IReadOnlyList<ReadReceipt>> MarkReadAsync(
        long userId, long threadId, IReadOnlyList<long>? messageIds, Socket? reader, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var lease = _channels.Enter(threadId);
        var channel = lease.Channel;
        var marked = new MarkedRead([], []);
        await channel.ChangeAsync(
            ChangeScope.Reading,
            async () => marked = await _store.MarkReadAsync(userId, threadId, messageIds, CancellationToken.None),
            () => TellReceipts(channel, userId, marked, reader));
        return marked.Receipts;
    }

    /// <summary>
    /// Gives a message new content, held to the rules of sending, and tells it by <c>message_update</c> to the room and to all connections of its author.
    /// Answers the message.
    /// </summary>
    public async ValueTask<ChatMessage> EditAsync(long userId, long threadId, long messageId, string content, CancellationToken cancellationToken)
    {
        var trimmed = content.Trim();
        StoreInput.RequireContent(trimmed);
        return await ChangeAsync(threadId, messageId, () => _store.EditAsync(userId, threadId, messageId, trimmed, CancellationToken.None), cancellationToken);
    }

    /// <summary>Takes a message's content away for good, and tells it as an edit is told. Answers what is left.</summary>
    public async ValueTask<ChatMessage> DeleteAsync(long userId, long threadId, long messageId, CancellationToken cancellationToken) =>
        await ChangeAsync(threadId, messageId, () => _store.DeleteAsync(userId, threadId, messageId, CancellationToken.None), cancellationToken);

    /// <summary>Puts an emoji on a message, or takes the user's own away, and tells it as an edit is told. Answers the message.</summary>
    public async ValueTask<ChatMessage> ReactAsync(
        long userId, long threadId, long messageId, string emoji, bool remove, CancellationToken cancellationToken)
    {
        StoreInput.RequireEmoji(emoji);
        return await ChangeAsync(
            threadId, messageId, () => _store.ReactAsync(userId, threadId, messageId, emoji, remove, CancellationToken.None), cancellationToken);
    }

    /// <summary>
    /// Makes a thread, or answers the private one that is there. A new one is told with <c>thread:created</c> to every participant's connections.
    /// </summary>
    public async ValueTask<CreatedThread> CreateThreadAsync(
        long userId, string type, string? title, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken)
    {
        var created = await _store.CreateThreadAsync(userId, type, title, participantIds, cancellationToken);
        if (created.Created && IsNewThread(created.Thread.Id))
            TellThreadCreated(created.Thread, [.. created.Thread.Participants.Select(user => user.Id)]);

        return created;
    }

    /// <summary>
    /// Checks access, then tells the others in the thread that the user types or has stopped, as somebody without a connection says it; expires
    /// by itself 10 s after the last <c>true</c>.
    /// </summary>
    public async ValueTask SetTypingAsync(long userId, long threadId, bool isTyping, CancellationToken cancellationToken)
    {
        await _store.CheckAccessAsync(userId, threadId, cancellationToken);
        if (isTyping)
            _typing.Start(threadId, userId, connection: null);
        else
            _typing.Stop(threadId, userId);
    }

    /// <summary>Ids of who types in the thread now.</summary>
    public IReadOnlyList<long> TypingUsers(long threadId) => _typing.Users(threadId);

    /// <summary>
    /// Another server has stored a message (a webhook): tells it to the thread's room as one that came by REST, unless it was told
    /// already. Returns at once. One that may be a message which is being stored through this server is told when that is settled, so that nobody gets it
    /// twice; any other waits at most a second for those that were accepted before it.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="restShape">
    /// The message as the webhook brought it, for <c>message:received</c>; it is kept, so it must not belong to a document that is disposed.
    /// </param>
    /// <exception cref="ChatException"><c>unavailable</c>: too much is waiting in the thread.</exception>
    public void TellStoredElsewhere(ChatMessage message, JsonElement restShape)
    {
        _store.StoredElsewhere(message);
        TellInOrder(message, channel => !channel.IsSending(message.SenderId, message.TempId), channel =>
        {
            if (!_told.TryAdd(message.ThreadId, message.Id))
                return;
            channel.Remember(message);
            TellMessage(message, sender: null, restShape);
        });
    }

    /// <summary>
    /// Another server has changed a message (a webhook): tells it by <c>message_update</c>, after the message itself if that is being told, and after a change
    /// that is being stored. Returns at once.
    /// </summary>
    /// <exception cref="ChatException"><c>unavailable</c>: too much is waiting in the thread.</exception>
    public void TellUpdatedElsewhere(ChatMessage message) => TellInOrder(
        message,
        channel => !channel.IsSending(message.SenderId, message.TempId),
        channel => { _ = TellChangedAsync(channel, message); });

    /// <summary>Another server has stored receipts (a webhook): tells the thread's room <c>read_receipt</c> and <c>message:read</c>.</summary>
    public void TellReadElsewhere(long userId, long threadId, IReadOnlyList<long> messageIds)
    {
        var readAt = _timeProvider.GetUtcNow();
        var room = _server.To(ChatRooms.Thread(threadId));
        foreach (var messageId in messageIds)
            room.Emit("read_receipt", new Wire.ReadReceipt(messageId, userId, ChatTime.Format(readAt)));
        TellRead(userId, threadId, messageIds, readAt);
    }

    /// <summary>A thread is new to these people: their connections are told <c>thread:created</c>.</summary>
    public void TellThreadCreated(ChatThread thread, IReadOnlyCollection<long> userIds) =>
        TellThreadCreated(JsonSerializer.SerializeToElement(RestThread.From(thread), ChatJsonContext.Default.RestThread), userIds);

    /// <summary>The same, with a thread as a webhook has it.</summary>
    public void TellThreadCreated(JsonElement thread, IReadOnlyCollection<long> userIds)
    {
        if (userIds.Count == 0)
            return;
        string[] rooms = [.. userIds.Select(ChatRooms.User)];
        _server.To(rooms).Emit("thread:created", new Wire.ThreadCreated(thread));
    }

    /// <summary>A thread was made, by a webhook: every participant's connections are told <c>thread:created</c>, unless this server made it and has told them.</summary>
    public void TellThreadCreatedElsewhere(long threadId, JsonElement thread, IReadOnlyCollection<long> participantIds)
    {
        if (IsNewThread(threadId))
            TellThreadCreated(thread, participantIds);
    }

    // A site tells of every thread, those included that it was asked for by this server; either may come first.
    private bool IsNewThread(long threadId) => _threadsTold.TryAdd(threadId, messageId: 0);

    /// <summary>
    /// Brings a connection into a thread's stream: sends it the messages after <paramref name="lastMessageId"/>, oldest first, then runs
    /// <paramref name="join"/> at the exact point where the stream goes on, so that none is missed and none comes twice. Sends a page at a time, as fast as
    /// the client takes them, so that a long absence is no full queue. Answers how many there were.
    /// </summary>
    /// <exception cref="ChatException"><c>forbidden</c>: <paramref name="removed"/> says that the user was taken out of the thread meanwhile.</exception>
    internal async ValueTask<int> CatchUpAsync(long userId, long threadId, long lastMessageId, Socket socket, Func<bool> removed, Action join)
    {
        // From here on the channel remembers what is told. What the store answers below is complete up to a moment after this one, so together
        // they have everything.
        using var lease = _channels.Enter(threadId);
        var channel = lease.Channel;
        var updates = channel.UpdateMark;
        var sent = 0;
        while (true)
        {
            var missed = await _store.HistoryAsync(userId, threadId, beforeId: null, afterId: lastMessageId, MissedPage, CancellationToken.None);
            SendMissed(missed.Messages);

            // A client that has gone joins nothing: it need not be read to.
            if (missed.HasMore && socket.Connected)
            {
                await socket.DrainAsync(QueuedBytes);
                continue;
            }

            var complete = false;
            await channel.RunAsync(() =>
            {
                if (removed())
                    throw new ChatException(ChatErrorCodes.Forbidden, ChatConnection.Removed);
                if (channel.ToldAfter(lastMessageId) is not { } told)
                    return;
                SendMissed([.. told]);

                // Of what was read above, a page may be older than a change that was told to those in the room only.
                var changed = channel.UpdatesSince(updates)
                    ?? throw new ChatException(ChatErrorCodes.Unavailable, "Too much is changing in this thread; join it again.");
                foreach (var message in changed)
                    socket.Emit("message_update", Wire.Message.From(message));
                join();
                complete = true;
            });
            if (complete || !socket.Connected)
                return sent;
        }

        void SendMissed(IReadOnlyList<ChatMessage> messages)
        {
            if (messages.Count == 0)
                return;
            NoteEarly(messages, socket);
            for (var i = 0; i < messages.Count - 1; i++)
                socket.Emit("message", Wire.Message.From(messages[i]));

            // Whoever has the last one has those before it.
            long[] taken = [.. messages.Where(message => message.SenderId != userId && message.Status is "sent").Select(message => message.Id)];
            _server.To(socket.Id).Timeout(AnswerTime).EmitWithAnswers("message", Wire.Message.From(messages[^1]), (answering, _) =>
            {
                if (answering != socket)
                    return false;
                _deliveries.Add(threadId, userId, taken);
                return true;
            });
            lastMessageId = messages[^1].Id;
            sent += messages.Count;
        }
    }

    /// <summary>
    /// As <see cref="CatchUpAsync"/>, for a connection that is in the thread by recovery: what was told there has been sent to it already, so only what was never told
    /// is sent, such as messages whose webhook was lost.
    /// </summary>
    internal async ValueTask<int> CatchUpRecoveredAsync(long userId, long threadId, long lastMessageId, Socket socket, Func<bool> removed)
    {
        using var lease = _channels.Enter(threadId);
        var sent = 0;
        while (true)
        {
            var stored = await _store.HistoryAsync(userId, threadId, beforeId: null, afterId: lastMessageId, MissedPage, CancellationToken.None);

            // Between two rounds: whatever is stored through this server is told by then.
            await lease.Channel.RunAsync(() =>
            {
                if (removed())
                    throw new ChatException(ChatErrorCodes.Forbidden, ChatConnection.Removed);
                ChatMessage[] untold = [.. stored.Messages.Where(message => !_told.Contains(threadId, message.Id))];
                NoteEarly(untold, socket);
                foreach (var message in untold)
                    socket.Emit("message", Wire.Message.From(message));
                sent += untold.Length;
            });
            if (!stored.HasMore || !socket.Connected)
                return sent;
            lastMessageId = stored.Messages[^1].Id;
            await socket.DrainAsync(QueuedBytes);
        }
    }

    // Before they are sent: a message that is told meanwhile finds the connection outside the room or its number here.
    private void NoteEarly(IEnumerable<ChatMessage> messages, Socket socket)
    {
        var since = _timeProvider.GetUtcNow() - EarlyAge;
        foreach (var message in messages.Where(message => message.CreatedAt > since && !_told.Contains(message.ThreadId, message.Id)))
            _early.Add(message.ThreadId, message.Id, socket.Id);
    }

    // Called by the thread's channel, in the order of ids.
    private void Tell(ThreadChannel.Send send)
    {
        var stored = send.Stored!;
        if (send.Message.TempId is { } tempId)
            send.Sender?.Emit("message_id_mapping", new Wire.MessageIdMapping(tempId, stored.Message.Id));
        if (stored.AlreadyStored)
            return;
        // Told whatever a webhook has said of this id before: the webhook that means this very message waits in the channel until now.
        _told.TryAdd(stored.Message.ThreadId, stored.Message.Id);
        _typing.Stop(stored.Message.ThreadId, stored.Message.SenderId);
        TellMessage(stored.Message, send.Sender, restShape: null);
    }

    private void TellMessage(ChatMessage message, Socket? sender, JsonElement? restShape)
    {
        var room = _server.To(ChatRooms.Thread(message.ThreadId));
        var (threadId, senderId, messageId) = (message.ThreadId, message.SenderId, message.Id);
        var others = sender is null ? room : room.Except(sender.Id);
        if (_early.Take(threadId, messageId) is { Count: > 0 } early)
        {
            string[] having = [.. early];
            (room, others) = (room.Except(having), others.Except(having));
        }

        others.Timeout(AnswerTime).EmitWithAnswers("message", Wire.Message.From(message), (socket, _) => Taken(socket, threadId, senderId, messageId));
        if (sender is not null)
            return;

        var shape = restShape ?? JsonSerializer.SerializeToElement(RestMessage.From(message), ChatJsonContext.Default.RestMessage);
        room.Emit("message:received", new Wire.MessageReceived(shape, message.ThreadId));
        _server.To(ChatRooms.Thread(threadId)).Emit("thread:updated", new Wire.ThreadUpdated(message.ThreadId, shape));
    }

    // A client says that it has a message. True when that makes the message delivered: the first of somebody else who is in the thread does.
    private bool Taken(Socket socket, long threadId, long senderId, long messageId)
    {
        if (socket.Data is not ChatConnection connection || connection.UserId == senderId || !connection.IsIn(threadId))
            return false;
        _deliveries.Add(threadId, connection.UserId, messageId);
        return true;
    }

    private async Task DeliverAsync(long threadId, long userId, IReadOnlyList<long> messageIds)
    {
        using var lease = _channels.Enter(threadId);
        var channel = lease.Channel;
        IReadOnlyList<ChatMessage> delivered = [];
        await channel.ChangeAsync(
            ChangeScope.Delivery,
            async () => delivered = await _store.MarkDeliveredAsync(userId, threadId, messageIds, CancellationToken.None),
            () =>
            {
                foreach (var message in delivered)
                {
                    channel.RememberUpdate(message);
                    _server.To(ChatRooms.User(message.SenderId)).Emit("message_update", Wire.Message.From(message));
                }
            });
    }

    // Stores and tells a change of one message, in its order among the thread's others.
    private async Task<ChatMessage> ChangeAsync(long threadId, long messageId, Func<ValueTask<ChatMessage>> store, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var lease = _channels.Enter(threadId);
        var channel = lease.Channel;
        ChatMessage? changed = null;
        await channel.ChangeAsync(ChangeScope.Message(messageId), async () => changed = await store(), () => TellUpdate(channel, changed!));
        return changed!;
    }

    private async Task TellChangedAsync(ThreadChannel channel, ChatMessage message)
    {
        // Kept in use until it is told: whoever called does not wait.
        using var lease = _channels.Enter(message.ThreadId);
        await channel.ChangeAsync(ChangeScope.Message(message.Id), () => ValueTask.CompletedTask, () => TellUpdate(channel, message));
    }

    private void TellUpdate(ThreadChannel channel, ChatMessage message)
    {
        channel.RememberUpdate(message);
        _server.To(ChatRooms.Thread(message.ThreadId), ChatRooms.User(message.SenderId)).Emit("message_update", Wire.Message.From(message));
    }

    private void TellReceipts(ThreadChannel channel, long userId, MarkedRead marked, Socket? reader)
    {
        if (marked.Receipts.Count == 0)
            return;
        var room = _server.To(ChatRooms.Thread(channel.ThreadId));
        if (reader is not null)
            room = room.Except(reader.Id);
        foreach (var receipt in marked.Receipts)
            room.Emit("read_receipt", new Wire.ReadReceipt(receipt.MessageId, userId, ChatTime.Format(receipt.ReadAt)));
        foreach (var message in marked.ReadByAll)
            TellUpdate(channel, message);
        if (reader is null)
            TellRead(userId, channel.ThreadId, [.. marked.Receipts.Select(receipt => receipt.MessageId)], marked.Receipts[0].ReadAt);
    }

    // Tells of a message between two rounds of its thread, and does not wait for it.
    private void TellInOrder(ChatMessage message, Func<ThreadChannel, bool> mayOvertake, Action<ThreadChannel> tell)
    {
        var lease = _channels.Enter(message.ThreadId);
        try
        {
            var channel = lease.Channel;
            var step = channel.Post(() => tell(channel), mayOvertake(channel));
            _ = FinishAsync(lease, step, step.MayOvertake && !step.Completion.Task.IsCompleted ? new Impatience(channel, step) : null);
        }
        catch (ChatException)
        {
            lease.Dispose();
            throw;
        }
    }

    private async Task FinishAsync(ThreadChannels.Lease lease, ThreadChannel.Step step, Impatience? impatience)
    {
        using (lease)
        {
            if (impatience is not null)
                _server.Engine.Wheel.Schedule(impatience, Patience);
            await step.Completion.Task;
            if (impatience is not null)
                _server.Engine.Wheel.Cancel(impatience);
        }
    }

    private void TellRead(long userId, long threadId, IReadOnlyList<long> messageIds, DateTimeOffset readAt) =>
        _server.To(ChatRooms.Thread(threadId)).Emit("message:read", new Wire.MessageRead(userId, threadId, messageIds, ChatTime.Format(readAt)));

    /// <summary>Ends the wait of a step.</summary>
    private sealed class Impatience(ThreadChannel channel, ThreadChannel.Step step) : TimingWheelEntry
    {
        protected override void OnDue() => channel.Overtake(step);
    }
}
