using System.Diagnostics.Metrics;

namespace EngineIO.Sessions;

/// <summary>The counters of one server, under the meter <c>EngineIO</c>.</summary>
internal sealed class EngineMetrics : IDisposable
{
    private readonly Meter _meter = new("EngineIO");
    private readonly Counter<long> _opened;
    private readonly Counter<long> _closed;
    private readonly Counter<long> _upgrades;
    private readonly Counter<long> _slowConsumers;

    public EngineMetrics(Func<long> sessions, Func<long> queuedBytes)
    {
        _opened = _meter.CreateCounter<long>("engineio.sessions.opened", "{session}", "Sessions opened, by transport.");
        _closed = _meter.CreateCounter<long>("engineio.sessions.closed", "{session}", "Sessions closed, by reason.");
        _upgrades = _meter.CreateCounter<long>("engineio.upgrades", "{upgrade}", "Upgrades from polling to WebSocket, by outcome.");
        _slowConsumers = _meter.CreateCounter<long>("engineio.slow_consumers", "{session}", "Sessions closed because a limit of their outbound queue was reached.");
        _meter.CreateObservableGauge("engineio.sessions.active", sessions, "{session}", "Sessions that are open.");
        _meter.CreateObservableGauge("engineio.queue.bytes", queuedBytes, "By", "Bytes that wait in all outbound queues; a message that waits in several counts once.");
    }

    public void Opened(EngineTransports transport) =>
        _opened.Add(1, new KeyValuePair<string, object?>("transport", transport == EngineTransports.Polling ? "polling" : "websocket"));

    public void Closed(CloseReason reason)
    {
        _closed.Add(1, new KeyValuePair<string, object?>("reason", reason.ToText()));
        if (reason == CloseReason.SlowConsumer)
            _slowConsumers.Add(1);
    }

    public void Upgraded(bool succeeded) =>
        _upgrades.Add(1, new KeyValuePair<string, object?>("outcome", succeeded ? "completed" : "failed"));

    public void Dispose() => _meter.Dispose();
}
