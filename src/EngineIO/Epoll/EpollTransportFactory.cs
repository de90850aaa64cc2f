using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace EngineIO.Epoll;

/// <summary>Gives Kestrel listeners whose connections belong to event loops. The loops start with the first of them, and end with the host.</summary>
/// <remarks>Threading: Kestrel calls it while it starts; disposed of when nothing uses its connections any more.</remarks>
internal sealed class EpollTransportFactory : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    private readonly EpollTransportOptions _options;
    private readonly DirectUpgrades? _upgrades;
    private readonly ILogger _logger;
    private readonly MemoryPool<byte> _pool;
    private readonly Lock _gate = new();
    private LoopWatch? _watch;
    private EpollLoop[]? _loops;

    public EpollTransportFactory(EpollTransportOptions options, DirectUpgrades? upgrades, ILoggerFactory loggers, IMemoryPoolFactory<byte> pools)
    {
        options.Validate();
        _options = options;
        _upgrades = upgrades;
        _logger = loggers.CreateLogger("EngineIO.Epoll");
        _pool = pools.Create();
    }

    /// <summary>TCP only: what else Kestrel can listen on stays with its own transports.</summary>
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new(new EpollConnectionListener((IPEndPoint)endpoint, _options, _upgrades, Loops(), _pool, _logger));

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var loop in _loops ?? [])
                loop.Dispose();
            _watch?.Dispose();
            _pool.Dispose();
        }
    }

    private EpollLoop[] Loops()
    {
        lock (_gate)
        {
            if (_loops is not null)
                return _loops;
            _watch = new LoopWatch();
            var loops = new EpollLoop[_options.LoopCount];
            for (var i = 0; i < loops.Length; i++)
            {
                loops[i] = new EpollLoop($"epoll {i + 1}", _watch, _options.IoUring, _logger);
                loops[i].Start();
            }

            return _loops = loops;
        }
    }
}
