namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>A request, and who is signed in by its cookie and nonce.</summary>
internal sealed record SiteCall(SiteRequest Request, SiteUser? SignedIn)
{
    public long ThreadId => Request.Integer("thread_id")!.Value;

    public long MessageId => Request.Integer("message_id")!.Value;
}
