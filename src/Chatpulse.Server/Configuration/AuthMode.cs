namespace Chatpulse.Server.Configuration;

/// <summary>How a user is proven.</summary>
public enum AuthMode
{
    /// <summary>The bare user id is believed. For development, or where something in front of the server has proven it.</summary>
    UserId,

    /// <summary>A signed token (JWT, HS256) names the user.</summary>
    Token,

    /// <summary>The site's own login cookie and a nonce, shown to WordPress.</summary>
    WordPress,
}
