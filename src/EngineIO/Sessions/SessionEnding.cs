using System.Runtime.InteropServices;
using EngineIO.Transports;

namespace EngineIO.Sessions;

/// <summary>What has to be told of the end of a session, once its lock has been left.</summary>
/// <param name="Transport">The one in use.</param>
/// <param name="Upgrade">The upgrade under way, if any.</param>
/// <param name="Handler">The application's, unless it does not know the session yet.</param>
/// <param name="Handling">Whether it handles a message.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SessionEnding(ITransport Transport, UpgradeAttempt? Upgrade, IEngineSessionHandler? Handler, bool Handling);
