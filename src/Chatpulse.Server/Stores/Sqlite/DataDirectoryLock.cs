using System.Globalization;
using System.Text;

namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>
/// Holds a data directory for this process. Two servers on one database would each trust their own memory of who is a member, so the
/// second is refused. The operating system drops the lock with the process, however it ends; the file that stays behind means nothing.
/// </summary>
internal sealed class DataDirectoryLock : IDisposable
{
    // EWOULDBLOCK of Linux and of macOS, ERROR_SHARING_VIOLATION of Windows: all else is trouble with the file itself, such as a file system that is read-only or full.
    private static readonly int[] InUse = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream file;

    private DataDirectoryLock(FileStream file) => this.file = file;

    public static DataDirectoryLock Take(string directory)
    {
        var path = Path.Combine(directory, "chatpulse.lock");
        FileStream? taken = null;
        try
        {
            taken = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            taken.SetLength(0);
            taken.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            taken.Flush();
            return new DataDirectoryLock(taken);
        }
        catch (IOException e) when (Array.IndexOf(InUse, e.HResult) >= 0)
        {
            throw new StoreOpenException(
                $"The data directory '{directory}' is in use by another process ('{path}' holds its process id). Stop that one, or set another DATA_DIR.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            taken?.Dispose();
            throw new StoreOpenException($"The data directory '{directory}' cannot be written: {e.Message}", e);
        }
    }

    public void Dispose() => file.Dispose();
}
