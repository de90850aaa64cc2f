using System.Globalization;
using Chatpulse.Server.Chat;
using EngineIO.Sessions;
using SocketIO.Server;

namespace Chatpulse.Server.Identity;

/// <summary>
/// Ends a connection whose token has expired: at that moment the client gets an <c>error</c> and may still refresh, after the grace period it gets another
/// and is disconnected.
/// </summary>
/// <remarks>Threading: the socket's handlers and the timing wheel; the lock guards the expiry and the state.</remarks>
internal sealed class TokenExpiry(Socket socket, TimingWheel wheel, TimeSpan gracePeriod, TimeProvider timeProvider) : TimingWheelEntry
{
    /// <summary>The event that the errors name: the one that would help.</summary>
    public const string Event = "auth_refresh";

    private readonly Lock _lock = new();
    private DateTimeOffset _expiresAt;
    private bool _inGrace;
    private bool _stopped;

    /// <summary>The token is good until then; also after a refresh.</summary>
    public void Set(DateTimeOffset expiresAt)
    {
        lock (_lock)
        {
            if (_stopped)
                return;
            _expiresAt = expiresAt;
            _inGrace = false;
            Wait(expiresAt);
        }
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
                    Tell($"The token has expired; send auth_refresh with a new one within {seconds} s, or the connection ends.");
                }

                Wait(end);
                return;
            }

            _stopped = true;
        }

        Tell("The token has expired; the connection ends.");
        socket.Disconnect(closeConnection: true);
    }

    private void Wait(DateTimeOffset until) => wheel.Schedule(this, until - timeProvider.GetUtcNow());

    private void Tell(string message) => socket.Emit("error", new Wire.Error(Event, message, TempId: null));
}
