using System.Globalization;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Rest;
using Chatpulse.Server.Stores;
using Microsoft.Net.Http.Headers;

namespace Chatpulse.Server.Attachments;

/// <summary><c>/attachments</c>: files go up here and come down again for the people who may see them.</summary>
/// <remarks>
/// A file is fetched with the caller's own credentials, like every other route; a page shows a picture by fetching it and making an
/// object URL of it. Links that carry their own proof were left out: they end up in logs, histories and other people's hands.
/// </remarks>
internal sealed class AttachmentRoutes(IChatStore store)
{
    /// <summary>The largest file, in bytes.</summary>
    public const int MaxFileBytes = 10 * 1024 * 1024;

    // A picture can be shown in place; anything a browser would interpret, PDF and text included, is only ever saved.
    private static readonly string[] ShownInPlace = ["image/jpeg", "image/png", "image/gif", "image/webp"];

    public IEnumerable<RestRoute> For(string path) =>
    [
        new(HttpMethods.Post, path + "/attachments", [new("file", Required: true)], UploadAsync)
        {
            ReadsBody = false,
        },
        new(HttpMethods.Get, path + "/attachments/{attachment_id}", [new("attachment_id", Required: true)], DownloadAsync),
    ];

    private async Task UploadAsync(RestCall call)
    {
        // The one route where the caller comes first: nobody unknown is to send 10 MB.
        var user = await call.UserAsync();
        var upload = await Upload.ReadAsync(call.Context.Request, MaxFileBytes, call.Aborted);
        var kept = await store.AddAttachmentAsync(user.UserId, upload.Filename, upload.Type.MimeType, upload.Content, call.Aborted);
        await call.AnswerAsync(
            new AttachmentAnswer(
                kept.Id, kept.Url, kept.Filename, kept.Size, kept.MimeType, RestTime.Format(kept.CreatedAt), ChatTime.Format(kept.CreatedAt)),
            RestJson.Wire.AttachmentAnswer,
            StatusCodes.Status201Created);
    }

    private async Task DownloadAsync(RestCall call)
    {
        var id = call.PathId("attachment_id");
        var user = await call.UserAsync();

        AttachmentContent opened;
        try
        {
            opened = await store.OpenAttachmentAsync(user.UserId, id, call.Aborted);
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.NotFound or ChatErrorCodes.Forbidden)
        {
            throw new RestException(StatusCodes.Status404NotFound, "attachment_not_found", "Attachment not found.", refusal);
        }

        await using var content = opened.Content;
        var headers = call.Context.Response.Headers;
        var inPlace = ShownInPlace.Contains(opened.Attachment.MimeType, StringComparer.Ordinal);
        var disposition = new ContentDispositionHeaderValue(inPlace ? "inline" : "attachment");
        disposition.SetHttpFileName(opened.Attachment.Filename);
        headers.ContentDisposition = disposition.ToString();

        // Were a browser ever to show the file as a page, the page could do nothing.
        headers.ContentSecurityPolicy = "sandbox; default-src 'none'";

        // The bytes never change, the right to see them may; a shared machine must not answer one user with another's copy.
        headers.CacheControl = "private, max-age=300";
        headers.Vary = "Authorization, X-Chatpulse-User";
        await TypedResults.Stream(
            content,
            opened.Attachment.MimeType,
            lastModified: opened.Attachment.CreatedAt,
            entityTag: new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{id}\"")),
            enableRangeProcessing: true).ExecuteAsync(call.Context);
    }
}
