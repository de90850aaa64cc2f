using Chatpulse.Server.Stores;
using Xunit;

namespace Stores.Specification;

/// <summary>A store under test, empty at first, and the ways to arrange what the interface itself cannot: users, and strangers.</summary>
public interface IStoreHarness : IAsyncDisposable
{
    /// <summary>The store; only members may enter a thread.</summary>
    IChatStore Store { get; }

    /// <summary>The id of a user that is not known.</summary>
    long UnknownUserId { get; }

    /// <summary>The id of a thread that does not exist.</summary>
    long UnknownThreadId { get; }

    /// <summary>The id of a message, or of a file, that does not exist.</summary>
    long UnknownContentId => 777_777;

    /// <summary>Whether a name that comes with a sign-in is the user's name from then on; otherwise names are somebody else's business.</summary>
    bool NamesComeWithSignIns => true;

    /// <summary>Whether files come back in the order in which a message named them, and not in that of their uploads.</summary>
    bool KeepsOrderOfFiles => true;

    /// <summary>Makes a user and answers the id.</summary>
    ValueTask<long> AddUserAsync(string name);

    /// <summary>Gives a user another name.</summary>
    async ValueTask RenameUserAsync(long userId, string name) => await Store.EnsureUserAsync(userId, name, TestContext.Current.CancellationToken);

    /// <summary>What the store keeps of a message's content; a store that changes text says here how.</summary>
    string KeptContent(string content) => content;

    /// <summary>What the store keeps of a thread's title.</summary>
    string KeptTitle(string title) => title;
}
