namespace Adapters.Specification;

/// <summary>Waits for what happens by itself soon, generously.</summary>
public static class Eventually
{
    public static async Task IsTrue(Func<bool> condition, CancellationToken cancellationToken)
    {
        for (var i = 0; i < 3_000 && !condition(); i++) await Task.Delay(10, cancellationToken).ConfigureAwait(false);
        if (!condition()) throw new TimeoutException("It did not become true in 30 s.");
    }

    public static async Task IsTrue(Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        for (var i = 0; i < 3_000; i++)
        {
            if (await condition().ConfigureAwait(false)) return;
            await Task.Delay(10, cancellationToken).ConfigureAwait(false);
        }

        throw new TimeoutException("It did not become true in 30 s.");
    }
}
