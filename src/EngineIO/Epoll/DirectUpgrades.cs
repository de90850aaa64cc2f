namespace EngineIO.Epoll;

/// <summary>Which requests the loops give to the application themselves: those for a WebSocket at an Engine.IO server's path.</summary>
/// <remarks>Threading: paths are added while the application is built; read by every loop.</remarks>
internal sealed class DirectUpgrades
{
    private volatile string[] _paths = [];
    private volatile IUpgradeApplication? _application;

    /// <summary>The application, once it has started.</summary>
    public IUpgradeApplication? Application
    {
        get => _application;
        set => _application = value;
    }

    /// <summary>Adds a path, with and without a trailing slash.</summary>
    public void Add(string path)
    {
        var bare = path.TrimEnd('/');
        _paths = [.. _paths, bare, bare + "/"];
    }

    /// <summary>Whether a path is one of those, in the very letters: what else may be meant by it is Kestrel's and the router's to say.</summary>
    public bool Has(string path) => Array.IndexOf(_paths, path) >= 0;
}
