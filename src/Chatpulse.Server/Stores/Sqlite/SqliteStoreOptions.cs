using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>How the embedded store is set up.</summary>
public sealed record SqliteStoreOptions
{
    /// <summary>The directory of the database and the attachments; made when it is missing. One process at a time may use it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>
    /// Makes users, group threads and memberships when they are first named, so that a developer can begin with any ids. Off by default:
    /// then only members enter. A private thread stays closed to others either way.
    /// </summary>
    public bool CreateWhatIsNamed { get; init; }

    /// <summary>What comes before an attachment's id in <see cref="ChatAttachment.Url"/>.</summary>
    public string AttachmentUrlPrefix { get; init; } = "/wp-json/chatpulse-chat/v1/attachments/";

    /// <summary>The largest attachment, in bytes. Default 10 MiB. A larger one is <c>too_large</c>.</summary>
    public long MaxAttachmentBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>How long an attachment that no message carries is kept. Default 24 hours.</summary>
    public TimeSpan UnusedAttachmentLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>
    /// Writes that may wait at a time. Default 10,000: some seconds of work for a slow disk, about 100 MB if each is as long as a message
    /// may be. One more is <c>unavailable</c> at once, because waiting would only make everybody late.
    /// </summary>
    public int MaxWaitingWrites { get; init; } = 10_000;

    /// <summary>Writes that share one transaction at most. Default 500: long enough to share the disk's work, short enough that the first need not wait long for the last.</summary>
    public int MaxWritesPerCommit { get; init; } = 500;

    /// <summary>Connections for reading. Default 4; reads are short, and each occupies a thread while it runs.</summary>
    public int Readers { get; init; } = 4;

    /// <summary>Reads that may wait for a connection at a time. Default 10,000; one more is <c>unavailable</c>.</summary>
    public int MaxWaitingReads { get; init; } = 10_000;

    /// <summary>Memberships kept in memory, so that most access checks need no read. Default 100,000, some 10 MB.</summary>
    public int MaxCachedMemberships { get; init; } = 100_000;

    /// <summary>How long a write waits for another program that holds the database, a backup for example. Default 2 seconds; then it is <c>unavailable</c>.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The largest database file, in bytes; null, the default, leaves it to the disk. At the bound, writes are <c>unavailable</c> and reads go on.</summary>
    public long? MaxDatabaseBytes { get; init; }
}
