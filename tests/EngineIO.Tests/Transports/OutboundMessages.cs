using System.Text;
using EngineIO.Transports;

namespace EngineIO.Tests.Transports;

/// <summary>Messages as tests write them.</summary>
internal static class OutboundMessages
{
    public static OutboundMessage Text(string text, bool compress = true)
    {
        var writer = new OutboundMessageWriter();
        writer.BeginText();
        Encoding.UTF8.GetBytes(text, writer);
        return writer.Build(compress);
    }
}
