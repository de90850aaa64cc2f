using EngineIO.Sessions;
using EngineIO.Transports;

namespace Conformance.Host;

/// <summary>An Engine.IO application that sends every message back as it came.</summary>
internal sealed class EchoApplication : IEngineApplication
{
    public IEngineSessionHandler OnOpened(EngineSession session) => new Echo(session);

    private sealed class Echo(EngineSession session) : IEngineSessionHandler
    {
        public ValueTask OnMessageAsync(ReadOnlyMemory<byte> data, bool binary)
        {
            session.Send(binary ? OutboundMessage.Binary(data.Span) : OutboundMessage.Text(data.Span));
            return ValueTask.CompletedTask;
        }

        public void OnClosed(CloseReason reason, Exception? exception)
        {
        }
    }
}
