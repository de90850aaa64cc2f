using Chatpulse.Server.Stores;

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

    /// <summary>Makes a user and answers the id.</summary>
    ValueTask<long> AddUserAsync(string name);
}
