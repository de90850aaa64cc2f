using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace EngineIO.Epoll;

/// <summary>Writes an answer of HTTP/1.1 to an <see cref="UpgradeRequest"/>.</summary>
internal static class UpgradeAnswer
{
    // More than an upgrade's answer has.
    private const int InitialBytes = 256;

    /// <summary>The whole answer.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="reason">The words beside the status; null takes the usual ones.</param>
    /// <param name="headers">The application's headers.</param>
    /// <param name="body">Null when it is an upgrade; otherwise the connection ends with the answer.</param>
    /// <exception cref="InvalidOperationException">A header has a character that no header may have.</exception>
    public static ReadOnlyMemory<byte> Encode(int status, string? reason, IHeaderDictionary headers, byte[]? body)
    {
        var answer = new ArrayBufferWriter<byte>(InitialBytes);
        answer.Write("HTTP/1.1 "u8);
        Append(answer, status.ToString(CultureInfo.InvariantCulture));
        answer.Write(" "u8);
        Append(answer, reason ?? ReasonPhrases.GetReasonPhrase(status));
        answer.Write("\r\n"u8);
        foreach (var (name, values) in headers)
        {
            if (body is not null && IsOurs(name))
                continue;
            foreach (var value in values)
                Append(answer, name, value ?? "");
        }

        if (body is not null)
        {
            Append(answer, HeaderNames.ContentLength, body.Length.ToString(CultureInfo.InvariantCulture));
            Append(answer, HeaderNames.Connection, "close");
            if (!headers.ContainsKey(HeaderNames.Date))
                Append(answer, HeaderNames.Date, HeaderUtilities.FormatDate(DateTimeOffset.UtcNow));
        }

        answer.Write("\r\n"u8);
        answer.Write(body);
        return answer.WrittenMemory;
    }

    private static void Append(ArrayBufferWriter<byte> answer, string name, string value)
    {
        Append(answer, name);
        answer.Write(": "u8);
        Append(answer, value);
        answer.Write("\r\n"u8);
    }

    // A line break in a value would begin a header of its own.
    private static void Append(ArrayBufferWriter<byte> answer, string text)
    {
        if (text.AsSpan().ContainsAnyExceptInRange(' ', '~') && text.Any(c => c is not '\t' and (< ' ' or > '~')))
            throw new InvalidOperationException($"A header of the answer has a character that headers do not have: \"{text}\".");
        Encoding.ASCII.GetBytes(text, answer);
    }

    private static bool IsOurs(string name) =>
        name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase) || name.Equals(HeaderNames.Connection, StringComparison.OrdinalIgnoreCase)
        || name.Equals(HeaderNames.TransferEncoding, StringComparison.OrdinalIgnoreCase);
}
