namespace Chatpulse.Server.Rest;

/// <summary>One REST route: how it is reached, what it takes, who serves it. The index that clients read is made of these.</summary>
/// <param name="Method">GET (which serves HEAD too), POST, PATCH or DELETE.</param>
/// <param name="Path">Below <c>/wp-json</c>, with ids as <c>{thread_id}</c>.</param>
/// <param name="Arguments">What the index says about its parameters; the handler is what checks them.</param>
/// <param name="Handler">Answers a call, or throws.</param>
internal sealed record RestRoute(string Method, string Path, IReadOnlyList<RestArgument> Arguments, Func<RestCall, Task> Handler)
{
    /// <summary>False where the handler reads the body itself, as it arrives.</summary>
    public bool ReadsBody { get; init; } = true;
}

/// <summary>A parameter of a route, as the index shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Required">Whether a call without it is refused.</param>
/// <param name="Default">What stands for it when it is left out: text, a number, or <see cref="EmptyList"/>; null for nothing.</param>
internal sealed record RestArgument(string Name, bool Required = false, object? Default = null)
{
    /// <summary>The default of a list.</summary>
    public static object EmptyList { get; } = Array.Empty<long>();
}
