using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Presence;

namespace Chatpulse.Server.Rest;

/// <summary>A user in the list of people one can write to. Addresses are not part of it.</summary>
internal sealed record RestUser(
    long Id,
    string Name,
    string Username,
    string AvatarUrl,
    IReadOnlyList<string> Roles,
    IReadOnlyList<string> Capabilities,
    string LastActive,
    bool IsOnline)
{
    /// <summary>The one role that users of this server have: the role of a WordPress reader.</summary>
    public const string Role = "subscriber";

    private static readonly string[] TheRoles = [Role];
    private static readonly string[] TheCapabilities = ["read", "level_0", Role];

    public static RestUser From(ChatUser user, UserPresence? presence) => new(
        user.Id,
        user.DisplayName,
        Slug(user),
        AvatarUrl: "",
        TheRoles,
        TheCapabilities,
        presence is null ? "" : RestTime.Format(presence.LastSeen),
        presence?.Status is PresenceStatus.Online or PresenceStatus.Away);

    /// <summary>What stands for the login name, which this server does not have: the name in small letters, digits and hyphens.</summary>
    public static string Slug(ChatUser user)
    {
        var slug = new StringBuilder(user.DisplayName.Length);
        foreach (var character in user.DisplayName)
        {
            if (char.IsAsciiLetterOrDigit(character))
                slug.Append(char.ToLowerInvariant(character));
            else if (slug.Length > 0 && slug[^1] != '-')
                slug.Append('-');
        }

        if (slug.Length > 0 && slug[^1] == '-')
            slug.Length--;
        return slug.Length > 0 ? slug.ToString() : "user-" + user.Id.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>A user as WordPress's own <c>/wp/v2/users</c> shows it; the second half only in the edit context, to the user in person.</summary>
internal sealed record WordPressUser
{
    private static readonly Dictionary<string, string> NoAvatars = new(StringComparer.Ordinal) { ["24"] = "", ["48"] = "", ["96"] = "" };

    public required long Id { get; init; }

    public required string Name { get; init; }

    public string Url { get; init; } = "";

    public string Description { get; init; } = "";

    public string Link { get; init; } = "";

    public required string Slug { get; init; }

    public IReadOnlyDictionary<string, string> AvatarUrls { get; init; } = NoAvatars;

    public IReadOnlyList<string> Meta { get; init; } = [];

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Username { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Email { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Roles { get; init; }

    public static WordPressUser From(ChatUser user, bool edit)
    {
        var slug = RestUser.Slug(user);
        return new WordPressUser
        {
            Id = user.Id,
            Name = user.DisplayName,
            Slug = slug,
            Username = edit ? slug : null,
            Email = edit ? user.Email : null,
            Roles = edit ? [RestUser.Role] : null,
        };
    }
}
