using System.Globalization;
using System.Text.Json;
using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Chat;

/// <summary>Ids of threads, messages, users and files as clients write them: a JSON number, or the same number as a decimal string.</summary>
public static class ChatIds
{
    /// <summary>What an id must be, to end a sentence with.</summary>
    public const string Rule = "must be a positive integer up to 9007199254740991";

    private const int MaxDigits = 16;

    /// <summary>Reads an id; false for anything else than a positive integer up to <see cref="StoreLimits.Id"/>.</summary>
    public static bool TryRead(JsonElement element, out long id)
    {
        id = 0;
        return element.ValueKind switch
        {
            JsonValueKind.Number => element.TryGetInt64(out id) && id is > 0 and <= StoreLimits.Id,
            JsonValueKind.String => EventPayload.TryGetText(element, out var text) && TryRead(text, out id),
            _ => false,
        };
    }

    /// <summary>Reads an id from decimal digits; no sign, space, point or exponent.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, out long id)
    {
        id = 0;
        // The framework's parser passes over NULs at the end, hence the check of every character.
        return text.Length is > 0 and <= MaxDigits
            && !text.ContainsAnyExceptInRange('0', '9')
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id)
            && id is > 0 and <= StoreLimits.Id;
    }
}
