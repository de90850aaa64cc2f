using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Chatpulse.Server.Configuration;
using Microsoft.Extensions.Primitives;

namespace Chatpulse.Server.Webhooks;

/// <summary>
/// Proves that a webhook comes from the site that has <c>WEBHOOK_SECRET</c>: <c>X-Chatpulse-Signature: sha256=…</c>, the HMAC-SHA256 of
/// <c>timestamp.body</c> in hexadecimal, and <c>X-Chatpulse-Timestamp</c>, seconds since 1970. One that is more than 5 minutes off this
/// server's clock is stale; one that was accepted before is a repeat. With a secret all webhooks are checked, in development too;
/// without one they are open in development and closed in production.
/// </summary>
/// <remarks>
/// Threading: called by any number of requests at once. The lock guards the accepted signatures alone; hashing happens outside it.
/// Only what was signed with the secret is remembered, for 10 minutes, at most 262,144 of them (some 430 a second): a stranger cannot
/// fill the memory, and the site finds webhooks refused, never a repeat let through, should it ever send more.
/// </remarks>
internal sealed class WebhookSignatures(ServerSettings settings, TimeProvider timeProvider)
{
    public const string SignatureHeader = "X-Chatpulse-Signature";
    public const string TimestampHeader = "X-Chatpulse-Timestamp";

    private const string Scheme = "sha256=";
    private const int MaxRemembered = 262_144;
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);

    // A webhook may be dated up to MaxAge ahead, and stays fresh until MaxAge after its date.
    private static readonly TimeSpan RememberedFor = 2 * MaxAge;

    private readonly byte[]? secret = settings.WebhookSecret is { Length: > 0 } text ? Encoding.UTF8.GetBytes(text) : null;
    private readonly Lock gate = new();
    private readonly HashSet<UInt128> accepted = [];
    private readonly Queue<(DateTimeOffset Until, UInt128 Signature)> order = new();

    /// <summary>Whether every webhook is refused, because this is production and there is no secret to check them with.</summary>
    public bool RefusesAll => secret is null && !settings.IsDevelopment;

    /// <summary>Whether what is taken was signed, its timestamp too.</summary>
    public bool AreChecked => secret is not null;

    /// <summary>Checks a webhook; answers null when it is good, or why it is refused.</summary>
    public WebhookRefusal? Check(IHeaderDictionary headers, ReadOnlySpan<byte> body)
    {
        if (secret is null)
        {
            return settings.IsDevelopment
                ? null
                : Unproven("Webhooks are refused in production until WEBHOOK_SECRET is set.");
        }

        if (Single(headers[TimestampHeader]) is not { } timestamp)
            return Unproven($"The header {TimestampHeader} is missing.");
        if (Single(headers[SignatureHeader]) is not { } signature)
            return Unproven($"The header {SignatureHeader} is missing.");
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            return Unproven($"The header {TimestampHeader} must be seconds since 1970.");

        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (!signature.StartsWith(Scheme, StringComparison.Ordinal)
            || signature.Length != Scheme.Length + (2 * given.Length)
            || Convert.FromHexString(signature.AsSpan(Scheme.Length), given, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return Unproven($"The header {SignatureHeader} must be sha256= and 64 hexadecimal digits.");
        }

        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        using (var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret))
        {
            hmac.AppendData(Encoding.ASCII.GetBytes(timestamp + "."));
            hmac.AppendData(body);
            hmac.GetHashAndReset(expected);
        }

        if (!CryptographicOperations.FixedTimeEquals(given, expected))
            return Unproven("The signature is wrong.");

        var now = timeProvider.GetUtcNow();
        if ((now - DateTimeOffset.FromUnixTimeSeconds(seconds)).Duration() > MaxAge)
            return Unproven("The webhook is stale: its time is more than 5 minutes off this server's clock.");

        return Remember(BinaryPrimitives.ReadUInt128LittleEndian(expected), now);
    }

    private WebhookRefusal? Remember(UInt128 signature, DateTimeOffset now)
    {
        lock (gate)
        {
            while (order.TryPeek(out var oldest) && oldest.Until <= now)
            {
                order.Dequeue();
                accepted.Remove(oldest.Signature);
            }

            if (accepted.Contains(signature))
                return Unproven("The webhook was received before.");
            if (accepted.Count >= MaxRemembered)
                return new WebhookRefusal(StatusCodes.Status503ServiceUnavailable, "Too many webhooks in 10 minutes; try again later.");

            accepted.Add(signature);
            order.Enqueue((now + RememberedFor, signature));
            return null;
        }
    }

    private static WebhookRefusal Unproven(string reason) => new(StatusCodes.Status401Unauthorized, reason);

    private static string? Single(StringValues values) => values.Count == 1 && values[0] is { Length: > 0 } value ? value : null;
}

/// <summary>Why a webhook is not taken.</summary>
internal sealed record WebhookRefusal(int Status, string Reason);
