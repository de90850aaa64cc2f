using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>Waits for the answer of a client. One of the two is called, once, by any thread; neither may block.</summary>
internal interface IAckReceiver
{
    void OnAnswer(EventArguments arguments);

    void OnDisconnected();
}
