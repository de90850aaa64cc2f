using System.Text.Json.Serialization.Metadata;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>One call to the site.</summary>
/// <param name="Method">GET, POST, PATCH or DELETE.</param>
/// <param name="Path">Below <c>WP_BASE_URL</c>, with the query; made of this program's text, numbers and escaped text only.</param>
/// <param name="Caller">On whose account.</param>
internal sealed record SiteCall(HttpMethod Method, string Path, SiteCaller Caller)
{
    /// <summary>Bytes that an answer may have, where a page of messages may be in it.</summary>
    public const int MessagesAnswer = 4 * 1024 * 1024;

    /// <summary>Bytes that an answer may have otherwise.</summary>
    public const int PlainAnswer = 1024 * 1024;

    /// <summary>Makes the body, anew for each try; null for none.</summary>
    public Func<HttpContent>? Content { get; init; }

    /// <summary>Whether doing it twice is the same as once, so that it may be tried again.</summary>
    public bool Repeatable { get; init; } = Method == HttpMethod.Get;

    /// <summary>Bytes that the answer may have.</summary>
    public int MaxAnswerBytes { get; init; } = PlainAnswer;

    /// <summary>Whether it is a batch, which has its own place beside the other calls: messages need not queue behind reads.</summary>
    public bool IsBatch { get; init; }

    /// <summary>How long the call may take, the wait for its turn included; null for <c>WP_API_TIMEOUT</c>.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>A call with a JSON body.</summary>
    public static SiteCall WithJson<T>(HttpMethod method, string path, SiteCaller caller, T body, JsonTypeInfo<T> type) => new(method, path, caller)
    {
        Content = () => JsonContent.Create(body, type),
    };
}

/// <summary>What the site answered to a call that it did.</summary>
internal readonly record struct SiteAnswer<T>(int Status, T Body)
{
    /// <summary>Whether an earlier try of the call may have done it already.</summary>
    public bool Repeated { get; init; }
}
