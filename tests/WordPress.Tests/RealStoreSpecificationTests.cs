using Stores.Specification;

namespace WordPress.Tests;

// The specification that every store must meet, run over the WordPress store and a real WordPress with this repository's plugin.

public sealed class RealAccessTests(RealSite site) : AccessSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await RealStoreHarness.CreateAsync(site);
}

public sealed class RealSendTests(RealSite site) : SendSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await RealStoreHarness.CreateAsync(site);
}

public sealed class RealTextTests(RealSite site) : TextSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await RealStoreHarness.CreateAsync(site);
}

public sealed class RealHistoryTests(RealSite site) : HistorySpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await RealStoreHarness.CreateAsync(site);
}

public sealed class RealReceiptTests(RealSite site) : ReceiptSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await RealStoreHarness.CreateAsync(site);
}

public sealed class RealThreadTests(RealSite site) : ThreadSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await RealStoreHarness.CreateAsync(site);
}

public sealed class RealUserTests(RealSite site) : UserSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await RealStoreHarness.CreateAsync(site);
}

public sealed class RealAttachmentTests(RealSite site) : AttachmentSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await RealStoreHarness.CreateAsync(site);
}

public sealed class RealEditTests(RealSite site) : EditSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await RealStoreHarness.CreateAsync(site);
}

public sealed class RealDeleteTests(RealSite site) : DeleteSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await RealStoreHarness.CreateAsync(site);
}

public sealed class RealReactionTests(RealSite site) : ReactionSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await RealStoreHarness.CreateAsync(site);
}

public sealed class RealDeliveredTests(RealSite site) : DeliveredSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await RealStoreHarness.CreateAsync(site);
}

public sealed class RealParticipantTests(RealSite site) : ParticipantSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await RealStoreHarness.CreateAsync(site);
}
