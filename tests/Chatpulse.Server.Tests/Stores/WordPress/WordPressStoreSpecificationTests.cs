using Stores.Specification;

namespace Chatpulse.Server.Tests.Stores.WordPress;

// The specification that every store must meet, run over the WordPress store and a scripted site with our plugin.

public sealed class WordPressAccessTests : AccessSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfChatpulseAsync();
}

public sealed class WordPressSendTests : SendSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfChatpulseAsync();
}

public sealed class WordPressTextTests : TextSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfChatpulseAsync();
}

public sealed class WordPressHistoryTests : HistorySpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfChatpulseAsync();
}

public sealed class WordPressReceiptTests : ReceiptSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfChatpulseAsync();
}

public sealed class WordPressThreadTests : ThreadSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfChatpulseAsync();
}

public sealed class WordPressUserTests : UserSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfChatpulseAsync();
}

public sealed class WordPressAttachmentTests : AttachmentSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfChatpulseAsync();
}

public sealed class WordPressEditTests : EditSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfChatpulseAsync();
}

public sealed class WordPressDeleteTests : DeleteSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfChatpulseAsync();
}

public sealed class WordPressReactionTests : ReactionSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfChatpulseAsync();
}

public sealed class WordPressDeliveredTests : DeliveredSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfChatpulseAsync();
}

public sealed class WordPressParticipantTests : ParticipantSpecification
{
    protected override async ValueTask<IStoreHarness> CreateHarnessAsync() => await ScriptedStoreHarness.OfChatpulseAsync();
}
