using Stores.Specification;

namespace Chatpulse.Server.Tests.Stores;

// The specification that every store must meet, run over the embedded one.

public sealed class SqliteAccessTests : AccessSpecification
{
    protected override ValueTask<IStoreHarness> CreateHarnessAsync() => new(new SqliteStoreHarness());
}

public sealed class SqliteSendTests : SendSpecification
{
    protected override ValueTask<IStoreHarness> CreateHarnessAsync() => new(new SqliteStoreHarness());
}

public sealed class SqliteTextTests : TextSpecification
{
    protected override ValueTask<IStoreHarness> CreateHarnessAsync() => new(new SqliteStoreHarness());
}

public sealed class SqliteHistoryTests : HistorySpecification
{
    protected override ValueTask<IStoreHarness> CreateHarnessAsync() => new(new SqliteStoreHarness());
}

public sealed class SqliteReceiptTests : ReceiptSpecification
{
    protected override ValueTask<IStoreHarness> CreateHarnessAsync() => new(new SqliteStoreHarness());
}

public sealed class SqliteThreadTests : ThreadSpecification
{
    protected override ValueTask<IStoreHarness> CreateHarnessAsync() => new(new SqliteStoreHarness());
}

public sealed class SqliteUserTests : UserSpecification
{
    protected override ValueTask<IStoreHarness> CreateHarnessAsync() => new(new SqliteStoreHarness());
}

public sealed class SqliteAttachmentTests : AttachmentSpecification
{
    protected override ValueTask<IStoreHarness> CreateHarnessAsync() => new(new SqliteStoreHarness());
}

public sealed class SqliteEditTests : EditSpecification
{
    protected override ValueTask<IStoreHarness> CreateHarnessAsync() => new(new SqliteStoreHarness());
}

public sealed class SqliteDeleteTests : DeleteSpecification
{
    protected override ValueTask<IStoreHarness> CreateHarnessAsync() => new(new SqliteStoreHarness());
}

public sealed class SqliteReactionTests : ReactionSpecification
{
    protected override ValueTask<IStoreHarness> CreateHarnessAsync() => new(new SqliteStoreHarness());
}

public sealed class SqliteDeliveredTests : DeliveredSpecification
{
    protected override ValueTask<IStoreHarness> CreateHarnessAsync() => new(new SqliteStoreHarness());
}

public sealed class SqliteParticipantTests : ParticipantSpecification
{
    protected override ValueTask<IStoreHarness> CreateHarnessAsync() => new(new SqliteStoreHarness());
}
