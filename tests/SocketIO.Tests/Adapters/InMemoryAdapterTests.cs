using Adapters.Specification;
using SocketIO.Adapters;
using SocketIO.Server;

namespace SocketIO.Tests.Adapters;

public sealed class InMemoryAdapterTests : AdapterSpecification
{
    protected override int ServerCount => 1;

    protected override IAdapter CreateAdapter(int server, Namespace ns) => new InMemoryAdapter(ns);
}
