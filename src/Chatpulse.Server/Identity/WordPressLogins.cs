using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Identity;

/// <summary>
/// Proves logins with the site, one call for however many ask about the same login at once or within 10 s: every open tab of a user comes back at the same
/// moment, and a call costs the site some 30 ms of CPU.
/// </summary>
/// <remarks>
/// Threading: anyone calls; the lock guards the table and its order, and nobody waits while holding it. Refusals are kept like proofs, failures to ask are not.
/// Bounded: at most 4,096 logins within 10 s, which is more than a site can check; over it <c>unavailable</c>. Keys are hashes, so that the table holds no
/// credentials of people who have gone.
/// </remarks>
internal sealed class WordPressLogins(SignOuts signOuts, TimeProvider timeProvider, IWordPressLogin? login = null)
{
    private const int Capacity = 4_096;
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, Proof> _proofs = [];
    private readonly Queue<(UInt128 Key, Proof Proof)> _order = new();

    /// <summary>Whose login it is.</summary>
    /// <param name="credentials">What the user's browser showed.</param>
    /// <param name="fresh">Whether to ask the site although it has just answered; a call that is under way is joined all the same.</param>
    /// <param name="cancellationToken">Ends the wait, not the call.</param>
    /// <exception cref="ChatException"><c>unauthenticated</c>: the site refuses it, or the user has signed out; <c>unavailable</c>: the site cannot be asked.</exception>
    public async ValueTask<UserIdentity> ProveAsync(WordPressCredentials credentials, bool fresh, CancellationToken cancellationToken)
    {
        var identity = await Find(credentials, fresh).WaitAsync(cancellationToken);

        // Every session of the user ended while this was kept; this one may have begun since.
        if (signOuts.Refuses(identity) && !fresh)
            identity = await Find(credentials, fresh: true).WaitAsync(cancellationToken);
        return signOuts.Refuses(identity) ? throw Authenticator.SignedOut() : identity;
    }

    private Task<UserIdentity> Find(WordPressCredentials credentials, bool fresh)
    {
        var key = KeyOf(credentials);
        var proof = new Proof(timeProvider.GetTimestamp());
        lock (_lock)
        {
            while (_order.TryPeek(out var oldest) && !IsFresh(oldest.Proof))
            {
                _order.Dequeue();
                if (_proofs.GetValueOrDefault(oldest.Key) == oldest.Proof)
                    _proofs.Remove(oldest.Key);
            }

            if (_proofs.TryGetValue(key, out var known) && (!known.Task.IsCompleted || (!fresh && IsFresh(known))))
                return known.Task;
            if (_order.Count >= Capacity)
                throw new ChatException(ChatErrorCodes.Unavailable, "Too many people are signing in at the same time; try again.");
            _proofs[key] = proof;
            _order.Enqueue((key, proof));
        }

        _ = AskAsync(credentials, proof);
        return proof.Task;
    }

    private async Task AskAsync(WordPressCredentials credentials, Proof proof)
    {
        try
        {
            var seen = signOuts.Count;
            // Where there is no site, nobody is proven by it.
            var identity = await login!.ProveAsync(credentials, CancellationToken.None);
            var cookies = LoginCookies.Find(credentials.Cookie);
            proof.SetResult(identity with
            {
                Credentials = credentials,
                ExpiresAt = cookies?.ExpiresAt,
                SessionIds = cookies?.SessionIds ?? [],
                SignOutsSeen = seen,
            });
        }
        catch (Exception failure)
        {
            proof.SetException(failure);

            // Nobody may be waiting any more.
            _ = proof.Task.Exception;
        }
    }

    private bool IsFresh(Proof proof) =>
        !proof.Task.IsCompleted || (!proof.HasFailed && timeProvider.GetElapsedTime(proof.StartedAt) < FreshFor);

    private static UInt128 KeyOf(WordPressCredentials credentials) =>
        BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{credentials.Cookie}\n{credentials.Nonce}")));

    /// <summary>What the site says, or will say.</summary>
    private sealed class Proof(long startedAt) : TaskCompletionSource<UserIdentity>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long StartedAt => startedAt;

        /// <summary>The site could not be asked, which says nothing about the login.</summary>
        public bool HasFailed => Task.IsFaulted && Task.Exception.InnerException is not ChatException { Code: ChatErrorCodes.Unauthenticated };
    }
}
