namespace Chatpulse.Server.Stores.WordPress;

/// <summary>What was found out about the site.</summary>
/// <param name="HasBatch">Whether it runs this project's plugin, which takes batches and acts on behalf of users; if not, one of the earlier versions.</param>
/// <param name="Clock">The site's time zone.</param>
internal sealed record SiteProfile(bool HasBatch, SiteClock Clock);
