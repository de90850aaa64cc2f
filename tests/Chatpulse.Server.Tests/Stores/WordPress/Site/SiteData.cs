using System.Globalization;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>The tables of a site. Whoever uses them holds <see cref="Lock"/>.</summary>
internal sealed class SiteData(TimeProvider clock)
{
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(60);

    private readonly Dictionary<(string What, long UserId), (int Count, DateTimeOffset Until)> _rates = [];
    private long _lastUser;
    private long _lastThread;
    private long _lastMessage;
    private long _lastAttachment;

    public Lock Lock { get; } = new();

    public SortedDictionary<long, SiteUser> Users { get; } = [];

    public SortedDictionary<long, SiteThread> Threads { get; } = [];

    public SortedDictionary<long, SiteMessage> Messages { get; } = [];

    public SortedDictionary<long, SiteAttachment> Attachments { get; } = [];

    /// <summary>Who types in which thread; the routes alone know of it.</summary>
    public HashSet<(long ThreadId, long UserId)> Typing { get; } = [];

    /// <summary>The site's own zone: what times without an offset mean.</summary>
    public TimeZoneInfo TimeZone { get; set; } = TimeZoneInfo.Utc;

    /// <summary>Messages a user may send in a minute; 0 for any number.</summary>
    public int MessagesPerMinute { get; set; } = 60;

    /// <summary>Now, to the second as the tables keep it.</summary>
    public DateTimeOffset Now => DateTimeOffset.FromUnixTimeSeconds(clock.GetUtcNow().ToUnixTimeSeconds());

    /// <summary>A time as the tables have it: in the site's zone, without saying so.</summary>
    public string Local(DateTimeOffset time) => TimeZoneInfo.ConvertTime(time, TimeZone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>A time without an offset, in the site's zone; null for what is none.</summary>
    public DateTimeOffset? FromLocal(string text) =>
        DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? new DateTimeOffset(time, TimeZone.GetUtcOffset(time))
            : null;

    public SiteUser AddUser(string name, string? login = null, string? email = null, string role = "subscriber")
    {
        var id = ++_lastUser;
        var user = new SiteUser
        {
            Id = id,
            Login = login ?? string.Create(CultureInfo.InvariantCulture, $"user{id}"),
            Name = name,
            Email = email ?? string.Create(CultureInfo.InvariantCulture, $"user{id}@example.test"),
            Role = role,
        };
        Users.Add(id, user);
        return user;
    }

    public SiteThread AddThread(string type, string? title, long createdBy, IEnumerable<long> participants)
    {
        var now = Now;
        var thread = new SiteThread { Id = ++_lastThread, Type = type, Title = title, CreatedBy = createdBy, CreatedAt = now, UpdatedAt = now };
        thread.Participants.AddRange(participants.Prepend(createdBy).Distinct());
        Threads.Add(thread.Id, thread);
        return thread;
    }

    public SiteMessage AddMessage(long threadId, long senderId, string content, string contentType, string? clientId = null)
    {
        // The number is used up also where the row is refused, as in the real table.
        var id = ++_lastMessage;
        if (!Threads.TryGetValue(threadId, out var thread))
            throw new SiteRefusal(500, "message_send_failed", "Failed to send message.");
        // One moment for both, as in the real table: the clock goes on whenever it is read.
        var now = Now;
        var message = new SiteMessage
        {
            Id = id,
            ThreadId = threadId,
            SenderId = senderId,
            Content = content,
            ContentType = contentType,
            CreatedAt = now,
            UpdatedAt = now,
            ClientId = clientId,
        };
        Messages.Add(id, message);
        thread.UpdatedAt = message.CreatedAt;
        return message;
    }

    public SiteAttachment AddAttachment(long uploaderId, string filename, string mimeType, byte[] content)
    {
        var attachment = new SiteAttachment
        {
            Id = ++_lastAttachment, UploaderId = uploaderId, Filename = filename, MimeType = mimeType, Content = content, CreatedAt = Now,
        };
        Attachments.Add(attachment.Id, attachment);
        return attachment;
    }

    public IEnumerable<SiteMessage> MessagesOf(long threadId) => Messages.Values.Where(m => m.ThreadId == threadId);

    public bool IsParticipant(long threadId, long userId) => Threads.TryGetValue(threadId, out var thread) && thread.Participants.Contains(userId);

    public int Unread(long threadId, long userId) =>
        MessagesOf(threadId).Count(m => m.SenderId != userId && m.DeletedAt is null && !m.Receipts.Any(r => r.UserId == userId && r.ReadAt is not null));

    /// <summary>Counts one more; true while it is allowed.</summary>
    /// <param name="what">What is counted.</param>
    /// <param name="userId">Whose.</param>
    /// <param name="allowed">How many in a minute; 0 for any number.</param>
    /// <param name="restarts">Each that is allowed begins the minute anew.</param>
    /// <param name="wait">Until when nothing more is allowed.</param>
    public bool TryCount(string what, long userId, int allowed, bool restarts, out TimeSpan wait)
    {
        var now = clock.GetUtcNow();
        var (count, until) = _rates.GetValueOrDefault((what, userId));
        if (now >= until)
            (count, until) = (0, now + RateWindow);
        wait = until - now;
        if (allowed > 0 && count >= allowed)
            return false;
        _rates[(what, userId)] = (count + 1, restarts ? now + RateWindow : until);
        return true;
    }
}
