namespace Chatpulse.Server.Stores;

/// <summary>What every store accepts at most. Callers check these first, with the name of their own field; a store checks them again.</summary>
public static class StoreLimits
{
    /// <summary>The greatest id: 2^53 - 1, because clients read ids as JavaScript numbers, which are exact up to there.</summary>
    public const long Id = 9_007_199_254_740_991;

    /// <summary>Characters (Unicode code points) in a message.</summary>
    public const int ContentCharacters = 10_000;

    /// <summary>UTF-16 units in a <c>tempId</c>.</summary>
    public const int TempIdLength = 255;

    /// <summary>UTF-16 units in a thread's title.</summary>
    public const int TitleLength = 255;

    /// <summary>UTF-16 units in the name of a file.</summary>
    public const int FilenameLength = 255;

    /// <summary>UTF-16 units in a user's name.</summary>
    public const int DisplayNameLength = 250;

    /// <summary>UTF-16 units in what is searched for.</summary>
    public const int SearchLength = 200;

    /// <summary>Files sent with one message.</summary>
    public const int AttachmentsPerMessage = 10;

    /// <summary>Ids in one receipt or in one list of users.</summary>
    public const int IdsPerCall = 1_000;

    /// <summary>People whom a thread is made with, its maker among them.</summary>
    public const int Participants = 1_000;

    /// <summary>Messages, threads or users in one answer.</summary>
    public const int PageSize = 500;

    /// <summary>People in the answer of <see cref="IChatStore.ContactsAsync"/>.</summary>
    public const int Contacts = 10_000;

    /// <summary>UTF-16 units in the emoji of a reaction.</summary>
    public const int EmojiLength = 64;

    /// <summary>Different emoji on one message.</summary>
    public const int EmojiPerMessage = 50;
}
