namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>Who calls.</summary>
/// <param name="User">Whom the call acts as, or null for nobody.</param>
/// <param name="HasKey">The API key came along.</param>
/// <param name="IsSignedIn">The user was proven by the login cookie and its nonce.</param>
internal sealed record SiteCaller(SiteUser? User, bool HasKey, bool IsSignedIn);
