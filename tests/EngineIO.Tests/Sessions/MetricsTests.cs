using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using EngineIO.Tests.Hosting;
using EngineIO.Tests.Transports;

namespace EngineIO.Tests.Sessions;

public sealed class MetricsTests
{
    [Fact]
    public async Task Sessions_upgrades_and_slow_consumers_are_counted()
    {
        var measured = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "EngineIO")
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var name = $"{instrument.Name}{(tags.Length == 0 ? "" : $" {tags[0].Value}")}";
            measured.AddOrUpdate(name, value, (_, sum) => instrument.IsObservable ? Math.Max(sum, value) : sum + value);
        });
        listener.Start();

        await using var host = await EngineHost.StartAsync(options => options.MaxQueuedMessages = 2);
        var polling = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        await using var socket = await WebSocketClient.ConnectAsync(host, polling.Sid);
        await socket.SendAsync("2probe");
        (await socket.ReadAsync()).ShouldBe("3probe");
        await socket.SendAsync("5");
        await socket.SendAsync("1");
        await session.ClosedAsync();

        await PollingClient.OpenAsync(host);
        var slow = await host.Application.NextAsync();
        for (var i = 0; i < 2; i++)
            slow.Session.Send(OutboundMessages.Text(new string('x', 1000)));
        listener.RecordObservableInstruments();
        slow.Session.Send(OutboundMessages.Text("x")).ShouldBeFalse();
        await slow.ClosedAsync();

        // Other tests run meanwhile and count too: at least these must be there.
        measured["engineio.sessions.opened polling"].ShouldBeGreaterThanOrEqualTo(2);
        measured["engineio.sessions.closed transport close"].ShouldBeGreaterThanOrEqualTo(1);
        measured["engineio.sessions.closed slow consumer"].ShouldBeGreaterThanOrEqualTo(1);
        measured["engineio.slow_consumers"].ShouldBeGreaterThanOrEqualTo(1);
        measured["engineio.upgrades completed"].ShouldBeGreaterThanOrEqualTo(1);
        measured["engineio.sessions.active"].ShouldBeGreaterThanOrEqualTo(1);
        measured["engineio.queue.bytes"].ShouldBeGreaterThanOrEqualTo(2000);
    }
}
