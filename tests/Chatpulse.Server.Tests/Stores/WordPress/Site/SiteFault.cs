namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>How a <see cref="ScriptedSite"/> misbehaves. Unless it says otherwise the request was not carried out.</summary>
public enum SiteFault
{
    /// <summary>Nothing comes, and the connection stays open.</summary>
    SlowHeaders,

    /// <summary>The headers come, and then a space now and then.</summary>
    SlowBody,

    /// <summary>A page of HTML that claims to be fine.</summary>
    HtmlPage,

    /// <summary>502 and a page of a proxy.</summary>
    BadGateway,

    /// <summary>503 and a page: what WordPress says during an update.</summary>
    Maintenance,

    /// <summary>504 and a page of a proxy.</summary>
    GatewayTimeout,

    /// <summary>500 as the REST API says it.</summary>
    ErrorInJson,

    /// <summary>500 and nothing: what PHP leaves when it dies.</summary>
    ErrorWithoutBody,

    /// <summary>500 and a page for developers, with the headers of the request in it.</summary>
    PageThatShowsTheRequest,

    /// <summary>Carried out; half of the answer comes and ends properly.</summary>
    TruncatedJson,

    /// <summary>Carried out; the answer is in Latin-1 and says it is UTF-8.</summary>
    Latin1,

    /// <summary>Carried out; the answer is in UTF-8 and says it is Latin-1.</summary>
    DeclaredLatin1,

    /// <summary>Ten megabytes of JSON.</summary>
    TenMegabytes,

    /// <summary>JSON without an end.</summary>
    Endless,

    /// <summary>A megabyte that unpack to a quarter of a gigabyte.</summary>
    GzipBomb,

    /// <summary>A redirect to another address of the same site.</summary>
    RedirectToItself,

    /// <summary>A redirect to another site.</summary>
    RedirectElsewhere,

    /// <summary>A redirect to the address that was asked.</summary>
    RedirectLoop,

    /// <summary>429 of a proxy, without a word about when again.</summary>
    TooManyRequests,

    /// <summary>429 of a proxy with <c>Retry-After: 7</c>.</summary>
    TooManyRequestsRetryAfter,

    /// <summary>The connection is cut at once.</summary>
    ClosedBeforeTheAnswer,

    /// <summary>Carried out; the connection is cut in the middle of the answer.</summary>
    ClosedInTheAnswer,

    /// <summary>Carried out; the connection is cut before the answer.</summary>
    AnswerLost,

    /// <summary>Carried out once the caller has given up.</summary>
    CarriedOutLate,

    /// <summary>Carried out; a byte order mark stands before the answer.</summary>
    ByteOrderMark,

    /// <summary>Carried out; PHP prints a warning before the answer.</summary>
    PhpWarning,

    /// <summary>An empty answer that claims to be fine.</summary>
    Nothing,

    /// <summary>JSON that is no answer to anything.</summary>
    OtherJson,
}
