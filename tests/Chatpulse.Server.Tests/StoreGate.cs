using System.Reflection;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Stores.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chatpulse.Server.Tests;

/// <summary>Holds back what a store answers to one method, so that something else can happen first.</summary>
internal sealed class StoreGate(string method)
{
    private readonly string _method = method;
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _opened = Opened();

    /// <summary>Completes when the store has answered while the gate is closed.</summary>
    public Task Reached => _reached.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    /// <summary>What the store answers from now on.</summary>
    public Exception? Failure { get; set; }

    public void Close() => _opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => _opened.SetResult();

    /// <summary>The embedded store behind the gate.</summary>
    public IChatStore Decorate(IServiceProvider services)
    {
        var settings = services.GetRequiredService<ServerSettings>();
        var options = new SqliteStoreOptions { DataDirectory = settings.DataDirectory, CreateWhatIsNamed = settings.IsDevelopment, AttachmentUrlPrefix = "/a/" };
        var proxy = (GatedStore)(object)DispatchProxy.Create<IEmbeddedStore, GatedStore>();
        proxy.Gate = this;
        proxy.Store = SqliteChatStore.Open(options, services.GetRequiredService<TimeProvider>(), NullLogger<SqliteChatStore>.Instance);
        return (IChatStore)(object)proxy;
    }

    private static TaskCompletionSource Opened()
    {
        var opened = new TaskCompletionSource();
        opened.SetResult();
        return opened;
    }

#pragma warning disable CA1852 // The framework derives the proxy from it.
    internal class GatedStore : DispatchProxy, IAsyncDisposable
#pragma warning restore CA1852
    {
        public StoreGate Gate { get; set; } = null!;

        public SqliteChatStore Store { get; set; } = null!;

        public ValueTask DisposeAsync() => Store.DisposeAsync();

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            var answer = targetMethod!.Invoke(Store, args);
            if (!string.Equals(targetMethod.Name, Gate._method, StringComparison.Ordinal))
                return answer;
            return targetMethod.ReturnType == typeof(ValueTask)
                ? new ValueTask(HoldAsync(((ValueTask)answer!).AsTask()))
                : new ValueTask<StoredMessage>(HoldAsync(((ValueTask<StoredMessage>)answer!).AsTask()));
        }

        private async Task HoldAsync(Task answer)
        {
            await answer;
            await HoldAsync();
        }

        private async Task<StoredMessage> HoldAsync(Task<StoredMessage> answer)
        {
            var stored = await answer;
            await HoldAsync();
            return stored;
        }

        private async Task HoldAsync()
        {
            if (Gate.Failure is { } failure)
                throw failure;
            var opened = Gate._opened.Task;
            if (!opened.IsCompleted)
                Gate._reached.TrySetResult();
            await opened;
        }
    }
}
