using System.Globalization;

namespace LoadGenerator;

/// <summary>The command line: <c>--name value</c>, in any order.</summary>
internal sealed record Options
{
    /// <summary>Which load: see <see cref="Program"/>.</summary>
    public string Scenario { get; init; } = "";

    /// <summary>The server's protocol: socket.io, signalr or bare.</summary>
    public string Dialect { get; init; } = "socket.io";

    /// <summary>websocket or polling.</summary>
    public string Transport { get; init; } = "websocket";

    /// <summary>The server's port on 127.0.0.1.</summary>
    public int Port { get; init; }

    /// <summary>The server's process, whose processor time and memory are read.</summary>
    public string Process { get; init; } = "";

    /// <summary>Whether the server answers <c>/memory</c> with what it has allocated.</summary>
    public bool ReadsMemory { get; init; }

    /// <summary>Clients.</summary>
    public int Connections { get; init; } = 1000;

    /// <summary>Rooms that the clients are spread over.</summary>
    public int Rooms { get; init; } = 1;

    /// <summary>Messages of a room that are under way at a time.</summary>
    public int InFlight { get; init; } = 1;

    /// <summary>Bytes of the JSON object that is published or echoed.</summary>
    public int Payload { get; init; } = 64;

    /// <summary>Messages published, or echoes asked for, a second.</summary>
    public double Rate { get; init; } = 20;

    /// <summary>Clients that stop reading once they have joined.</summary>
    public int Stalled { get; init; }

    /// <summary>Seconds of load that do not count.</summary>
    public double WarmUp { get; init; } = 1;

    /// <summary>Seconds of load that count.</summary>
    public double Seconds { get; init; } = 2;

    public static Options Parse(ReadOnlySpan<string> args)
    {
        var options = new Options();
        for (; args is [var name, var value, ..]; args = args[2..])
        {
            options = name switch
            {
                "--scenario" => options with { Scenario = value },
                "--dialect" => options with { Dialect = value },
                "--transport" => options with { Transport = value },
                "--port" => options with { Port = Whole(name, value) },
                "--process" => options with { Process = Whole(name, value).ToString(CultureInfo.InvariantCulture) },
                "--reads-memory" => options with { ReadsMemory = value is "true" },
                "--connections" => options with { Connections = Whole(name, value) },
                "--rooms" => options with { Rooms = Whole(name, value) },
                "--in-flight" => options with { InFlight = Whole(name, value) },
                "--payload" => options with { Payload = Whole(name, value) },
                "--rate" => options with { Rate = Number(name, value) },
                "--stalled" => options with { Stalled = Whole(name, value) },
                "--warm-up" => options with { WarmUp = Number(name, value) },
                "--seconds" => options with { Seconds = Number(name, value) },
                _ => throw new LoadException($"There is no option '{name}'."),
            };
        }

        if (args is [var rest, ..]) throw new LoadException($"'{rest}' has no value.");
        if (options.InFlight > Room.MostInFlight) throw new LoadException($"At most {Room.MostInFlight} messages of a room can be under way.");
        return options;
    }

    private static int Whole(string name, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new LoadException($"{name} is '{text}': give a whole number.");

    private static double Number(string name, string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : throw new LoadException($"{name} is '{text}': give a number.");
}
