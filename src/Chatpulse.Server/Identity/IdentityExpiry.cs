using System.Globalization;
using Chatpulse.Server.Chat;
using EngineIO.Sessions;
using SocketIO.Server;

namespace Chatpulse.Server.Identity;

/// <summary>
/// Ends a connection whose token, or login at WordPress, has ended: at that moment the client gets an <c>error</c> and may still refresh, after the grace period
/// it gets another and is disconnected.
/// </summary>
/// <remarks>Threading: the socket's handlers and the timing wheel; the lock guards the expiry and the state.</remarks>
/// <param name="socket">The connection.</param>
/// <param name="proof">What ends, in a message: <c>token</c> or <c>login</c>.</param>
/// <param name="refreshWith">What <c>auth_refresh</c> brings, in a message.</param>
/// <param name="wheel">Keeps the time.</param>
/// <param name="gracePeriod">How long the client may still refresh.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class IdentityExpiry(
    Socket socket, string proof, string refreshWith, TimingWheel wheel, TimeSpan gracePeriod, TimeProvider timeProvider) : TimingWheelEntry
{
    /// <summary>The event that the errors name: the one that would help.</summary>
    public const string Event = "auth_refresh";

    private readonly Lock _lock = new();
    private DateTimeOffset _expiresAt;
    private bool _inGrace;
    private bool _stopped;

    /// <summary>The proof is good until then; also after a refresh. Null: until <see cref="End"/>.</summary>
    public void Set(DateTimeOffset? expiresAt)
    {
        lock (_lock)
        {
            if (_stopped)
                return;
            _expiresAt = expiresAt ?? DateTimeOffset.MaxValue;
            _inGrace = false;
            if (expiresAt is null)
                wheel.Cancel(this);
            else
                Wait(_expiresAt);
        }
    }

    /// <summary>The proof is good no longer, whatever was known before: the client is told at once.</summary>
    public void End()
    {
        lock (_lock)
        {
            var now = timeProvider.GetUtcNow();
            if (_expiresAt <= now)
                return;
            _expiresAt = now;
        }

        OnDue();
    }

    /// <summary>The connection has ended by itself.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
            wheel.Cancel(this);
        }
    }

    /// <inheritdoc />
    protected override void OnDue()
    {
        lock (_lock)
        {
            var now = timeProvider.GetUtcNow();
            if (_stopped)
                return;
            if (now < _expiresAt)
            {
                Wait(_expiresAt);
                return;
            }

            var end = _expiresAt + gracePeriod;
            if (now < end)
            {
                if (!_inGrace)
                {
                    _inGrace = true;
                    var seconds = Math.Ceiling((end - now).TotalSeconds).ToString(CultureInfo.InvariantCulture);
                    Tell($"The {proof} has expired; send auth_refresh with {refreshWith} within {seconds} s, or the connection ends.");
                }

                Wait(end);
                return;
            }

            _stopped = true;
        }

        Tell($"The {proof} has expired; the connection ends.");
        socket.Disconnect(closeConnection: true);
    }

    private void Wait(DateTimeOffset until) => wheel.Schedule(this, until - timeProvider.GetUtcNow());

    private void Tell(string message) => socket.Emit("error", new Wire.Error(Event, message, TempId: null));
}
