namespace EngineIO.Tests.Epoll;

/// <summary>Tests that count what the process has, such as its files and threads: alone, after all others.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class AloneInProcess;
