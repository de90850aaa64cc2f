namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>Somebody with an account on a <see cref="ScriptedSite"/>.</summary>
internal sealed class SiteUser
{
    public required long Id { get; init; }

    public required string Login { get; init; }

    public required string Name { get; set; }

    public required string Email { get; init; }

    /// <summary><c>administrator</c> or <c>subscriber</c>.</summary>
    public required string Role { get; init; }

    /// <summary>The value of the login cookie; another one once the user has signed out.</summary>
    public string LoginCookie { get; set; } = Guid.NewGuid().ToString("N");

    /// <summary>What <c>X-WP-Nonce</c> must say beside the cookie.</summary>
    public string Nonce { get; set; } = Guid.NewGuid().ToString("N")[..10];

    public bool IsAdministrator => Role == "administrator";
}
