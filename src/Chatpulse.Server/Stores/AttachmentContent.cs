using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores;

/// <summary>A stored file, opened for reading; the caller disposes the stream.</summary>
public sealed record AttachmentContent(ChatAttachment Attachment, Stream Content);
