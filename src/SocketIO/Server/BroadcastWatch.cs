using EngineIO.Sessions;
using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>
/// One broadcast whose answers are handed on as they come: one object however many sockets were asked, until its time is over or nobody wants more.
/// </summary>
/// <remarks>Threading: answers come from any thread, several at once; what is handed on is not ordered.</remarks>
internal sealed class BroadcastWatch(Namespace ns, long ackId, Func<Socket, EventArguments, bool> onAnswer) : TimingWheelEntry
{
    private volatile Func<Socket, EventArguments, bool>? _onAnswer = onAnswer;
    private long _place;

    internal long AckId => ackId;

    /// <summary>Where the event is in the recovery log; 0 when it is in none.</summary>
    internal long Place
    {
        get => Interlocked.Read(ref _place);
        set => Interlocked.Exchange(ref _place, value);
    }

    /// <summary>Hands an answer on. True when no more are wanted.</summary>
    internal bool OnAnswer(Socket socket, EventArguments arguments)
    {
        if (_onAnswer is not { } handler) return true;
        try
        {
            if (!handler(socket, arguments)) return false;
        }
        catch (Exception exception)
        {
            ns.Server.Log.AnswerHandlerFailed(exception, ns.Name, socket.Id);
            return false;
        }

        _onAnswer = null;
        return true;
    }

    protected override void OnDue() => ns.Forget(this);
}
