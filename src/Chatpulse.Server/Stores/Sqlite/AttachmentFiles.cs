using System.Security.Cryptography;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>
/// The bytes of attachments, in files with random names in one directory. A file is complete and on the disk before it has its name, and
/// has its name before the database knows it; it is deleted only after the database has forgotten it.
/// </summary>
/// <remarks>Thread-safe: no two calls touch the same file, because names are random and the database gives each to one deletion.</remarks>
internal sealed class AttachmentFiles
{
    private const string UnfinishedExtension = ".part";
    private const int BufferBytes = 64 * 1024;

    private readonly string directory;

    /// <summary>Makes the directory and deletes what uploads left that a former process did not finish.</summary>
    public AttachmentFiles(string dataDirectory)
    {
        directory = Path.Combine(dataDirectory, "attachments");
        Directory.CreateDirectory(directory);
        foreach (var unfinished in Directory.EnumerateFiles(directory, "*" + UnfinishedExtension))
            File.Delete(unfinished);
    }

    /// <summary>Copies the content to a new file; throws <c>too_large</c> over the bound, in bytes, and leaves nothing then.</summary>
    public async Task<(string Name, long Size)> SaveAsync(Stream content, long maxBytes, CancellationToken cancellationToken)
    {
        var name = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var unfinished = Path.Combine(directory, name + UnfinishedExtension);
        try
        {
            long size;
            await using (var file = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true))
            {
                size = await CopyAsync(content, file, maxBytes, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, PathOf(name));
            return (name, size);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    /// <summary>Opens a file for reading; null when it is not there.</summary>
    public Stream? Open(string name)
    {
        try
        {
            return new FileStream(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, BufferBytes, useAsync: true);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Deletes a file; one that is not there is no error.</summary>
    public void Delete(string name) => File.Delete(PathOf(name));

    /// <summary>Names of the finished files that were written before a time.</summary>
    public IEnumerable<string> NamesOlderThan(DateTimeOffset time) =>
        from file in new DirectoryInfo(directory).EnumerateFiles()
        where file.Extension.Length == 0 && file.LastWriteTimeUtc < time.UtcDateTime
        select file.Name;

    private static async Task<long> CopyAsync(Stream content, FileStream file, long maxBytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        long size = 0;
        while (await content.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            size += read;
            if (size > maxBytes)
                throw new ChatException(ChatErrorCodes.TooLarge, $"An attachment may have at most {maxBytes} bytes");
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return size;
    }

    private string PathOf(string name) => Path.Combine(directory, name);
}
