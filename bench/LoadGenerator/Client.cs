using System.Text;

namespace LoadGenerator;

/// <summary>One client of the server, over one transport.</summary>
internal abstract class Client(Dialect dialect, IClientEvents events)
{
    private bool _silent;

    /// <summary>Which one of the clients of a scenario it is, from 0.</summary>
    public int Index { get; init; }

    /// <summary>Number of the message, or of the answer, that it is to get next.</summary>
    public long Due { get; set; }

    /// <summary>Of the messages from there on, a bit for each that has come before its turn.</summary>
    public ulong Ahead { get; set; }

    /// <summary>Echoes asked for so far.</summary>
    public long Asked { get; set; }

    /// <summary>Whether its connection is open.</summary>
    public abstract bool IsOpen { get; }

    protected Dialect Dialect => dialect;

    protected IClientEvents Events => events;

    /// <summary>Begins to connect; <see cref="IClientEvents.OnReady"/> is told when the server has taken it in.</summary>
    public abstract void Open();

    /// <summary>A message as this client sends it, made once and sent often: it ends with the bytes of the message, masked or not.</summary>
    public abstract byte[] Prepare(ReadOnlySpan<byte> message);

    /// <summary>Sends what <see cref="Prepare"/> made.</summary>
    public void Send(ReadOnlySpan<byte> prepared)
    {
        if (!_silent) Transmit(prepared);
    }

    /// <summary>Answers no more, not even pings, and goes on reading.</summary>
    public void FallSilent() => _silent = true;

    /// <summary>Reads no more, as a client that hangs.</summary>
    /// <param name="receiveBuffer">Bytes that the system may keep for it from now on.</param>
    public abstract void StopReading(int receiveBuffer);

    /// <summary>Drops the connection without a word.</summary>
    public abstract void Drop(bool reset);

    /// <summary>For the dialect: the handshake is complete.</summary>
    public void BecomeReady() => events.OnReady(this);

    /// <summary>For the dialect: a delivery.</summary>
    public void Deliver(ReadOnlySpan<byte> message) => events.OnDelivery(this, message);

    /// <summary>For the dialect: an answer.</summary>
    public void Answer(ReadOnlySpan<byte> message) => events.OnAnswer(this, message);

    /// <summary>For the dialect: the server refuses.</summary>
    public static void Refuse(ReadOnlySpan<byte> message) =>
        throw new LoadException($"the server refuses: {Encoding.UTF8.GetString(message[..Math.Min(message.Length, 300)])}");

    /// <summary>Puts what <see cref="Prepare"/> made onto the connection.</summary>
    protected abstract void Transmit(ReadOnlySpan<byte> prepared);
}
