using System.Runtime.InteropServices;

namespace LoadGenerator;

/// <summary>One TCP connection to the server, from one of several loopback addresses: one address alone has too few ports.</summary>
internal abstract unsafe class TcpConnection(EventLoop loop, int port)
{
    private const int SourceAddresses = 32;

    private static int _opened;

    private int _descriptor = -1;
    private bool _connecting;
    private bool _reading;
    private byte[] _kept = [];
    private int _keptLength;
    private byte[] _unsent = [];

    /// <summary>Whether it is open, or being opened.</summary>
    public bool IsOpen => _descriptor >= 0;

    /// <summary>When what is being handled arrived.</summary>
    protected long Now => loop.Now;

    /// <summary>Begins to connect.</summary>
    protected void Connect()
    {
        _descriptor = Native.CreateSocket(Native.AddressFamilyInet, Native.StreamNonBlockingCloseOnExec, 0);
        Native.Check(_descriptor, "socket");
        Native.SetOption(_descriptor, Native.TcpLevel, Native.OptionNoDelay, 1);
        Native.SetOption(_descriptor, Native.IpLevel, Native.OptionBindAddressNoPort, 1);
        var source = Native.SocketAddress.Loopback(1, 1 + (_opened++ % SourceAddresses), 0);
        Native.Check(Native.Bind(_descriptor, &source, (uint)sizeof(Native.SocketAddress)), "bind");
        var server = Native.SocketAddress.Loopback(0, 1, port);
        var result = Native.Connect(_descriptor, &server, (uint)sizeof(Native.SocketAddress));
        if (result < 0 && Marshal.GetLastPInvokeError() != Native.InProgress) Native.Check(result, "connect");
        _connecting = true;
        _reading = true;
        loop.Add(this, _descriptor, Native.Readable | Native.Writable);
    }

    /// <summary>Sends all of it; what the system does not take at once is kept until it does.</summary>
    public void Send(ReadOnlySpan<byte> data)
    {
        if (_descriptor < 0) return;
        if (_unsent.Length == 0)
        {
            var sent = SendNow(data);
            if (sent == data.Length || _descriptor < 0) return;
            _unsent = data[sent..].ToArray();
            Watch();
        }
        else
        {
            _unsent = [.. _unsent, .. data];
        }
    }

    /// <summary>Reads no more, as a client that hangs; the connection stays open.</summary>
    /// <param name="receiveBuffer">Bytes that the system may keep for it from now on.</param>
    public void StopReading(int receiveBuffer)
    {
        _reading = false;
        if (_descriptor < 0) return;
        Native.SetOption(_descriptor, Native.SocketLevel, Native.OptionReceiveBuffer, receiveBuffer);
        Watch();
    }

    /// <summary>Closes it.</summary>
    /// <param name="reset">Whether the server gets a reset instead of an orderly end; it leaves no port waiting.</param>
    public void Close(bool reset)
    {
        if (_descriptor < 0) return;
        if (reset)
        {
            var linger = stackalloc int[] { 1, 0 };
            _ = Native.SetOption(_descriptor, Native.SocketLevel, Native.OptionLinger, linger, 2 * sizeof(int));
        }

        loop.Remove(_descriptor);
        _ = Native.Close(_descriptor);
        _descriptor = -1;
        _keptLength = 0;
        _unsent = [];
    }

    /// <summary>The connection is there.</summary>
    protected abstract void OnConnected();

    /// <summary>Bytes have come, together with those that were not used the last time. Answers how many it has used.</summary>
    protected abstract int OnReceived(ReadOnlySpan<byte> data);

    /// <summary>The server, or the network, has ended it.</summary>
    protected abstract void OnLost(string why);

    /// <summary>For the loop.</summary>
    internal void OnEvents(uint events)
    {
        if (_connecting)
        {
            FinishConnecting();
            return;
        }

        if ((events & Native.Writable) != 0 && _unsent.Length > 0)
        {
            var sent = SendNow(_unsent);
            if (_descriptor < 0) return;
            _unsent = _unsent[sent..];
            if (_unsent.Length == 0) Watch();
        }

        if (_reading && (events & Native.Readable) != 0) Receive();
        else if ((events & (Native.Failed | Native.HungUp)) != 0) Lose("reset by the server");
    }

    private void FinishConnecting()
    {
        int error;
        var length = (uint)sizeof(int);
        Native.Check(Native.GetOption(_descriptor, Native.SocketLevel, Native.OptionError, &error, &length), "getsockopt");
        _connecting = false;
        if (error != 0)
        {
            Lose($"could not connect: {Marshal.GetPInvokeErrorMessage(error)}");
            return;
        }

        Watch();
        OnConnected();
    }

    private void Receive()
    {
        var buffer = new Span<byte>(loop.ReceiveBuffer, EventLoop.ReceiveBufferLength);
        _kept.AsSpan(0, _keptLength).CopyTo(buffer);
        var received = (int)Native.Receive(_descriptor, loop.ReceiveBuffer + _keptLength, (nuint)(EventLoop.ReceiveBufferLength - _keptLength), 0);
        if (received <= 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (received < 0 && error is Native.TryAgain or Native.Interrupted) return;
            Lose(received == 0 ? "closed by the server" : Marshal.GetPInvokeErrorMessage(error));
            return;
        }

        var data = buffer[..(_keptLength + received)];
        var used = OnReceived(data);
        if (_descriptor < 0) return;
        _keptLength = data.Length - used;
        if (_keptLength == 0) return;
        if (_keptLength > _kept.Length) _kept = new byte[Math.Max(_keptLength, 2 * _kept.Length)];
        data[used..].CopyTo(_kept);
    }

    private int SendNow(ReadOnlySpan<byte> data)
    {
        fixed (byte* start = data)
        {
            var sent = (int)Native.Send(_descriptor, start, (nuint)data.Length, Native.NoSignal);
            if (sent >= 0) return sent;
            var error = Marshal.GetLastPInvokeError();
            if (error is not (Native.TryAgain or Native.Interrupted)) Lose(Marshal.GetPInvokeErrorMessage(error));
            return 0;
        }
    }

    private void Watch() => loop.Modify(_descriptor, (_reading ? Native.Readable : 0) | (_unsent.Length > 0 ? Native.Writable : 0));

    private void Lose(string why)
    {
        Close(reset: true);
        OnLost(why);
    }
}
