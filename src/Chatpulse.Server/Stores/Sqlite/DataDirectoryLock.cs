using System.Globalization;
using System.Text;

namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>
/// Holds a data directory for this process. Two servers on one database would each trust their own memory of who is a member, so the
/// second is refused. The operating system drops the lock with the process, however it ends; the file that stays behind means nothing.
/// </summary>
internal sealed class DataDirectoryLock : IDisposable
{
    private readonly FileStream file;

    private DataDirectoryLock(FileStream file) => this.file = file;

    public static DataDirectoryLock Take(string directory)
    {
        var path = Path.Combine(directory, "chatpulse.lock");
        FileStream taken;
        try
        {
            taken = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StoreOpenException($"The data directory '{directory}' cannot be written: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw new StoreOpenException(
                $"The data directory '{directory}' is in use by another process ('{path}' holds its process id). Stop that one, or set another DATA_DIR.", e);
        }

        taken.SetLength(0);
        taken.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
        taken.Flush();
        return new DataDirectoryLock(taken);
    }

    public void Dispose() => file.Dispose();
}
