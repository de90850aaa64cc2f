using Microsoft.AspNetCore.Http;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>A request that a <see cref="ScriptedSite"/> got.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Path">Below <c>/wp-json</c>, without the query.</param>
/// <param name="Query">With the question mark, or empty.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="Body">Its body.</param>
internal sealed record SeenRequest(string Method, string Path, string Query, IHeaderDictionary Headers, byte[] Body)
{
    public override string ToString() => $"{Method} {Path}{Query}";
}
