namespace Chatpulse.Server.Tests;

/// <summary>Waits for what no event tells of.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Completes when it is so; throws when it is not after a long time.</summary>
    public static async Task TrueAsync(Func<bool> isSo)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Patience);
        while (!isSo())
            await Task.Delay(10, deadline.Token);
    }
}
