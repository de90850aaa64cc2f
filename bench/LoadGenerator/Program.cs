using System.Text.Json;
using LoadGenerator;

// One load on one server; one line of JSON with the figures, or an error and status 1.
try
{
    var options = Options.Parse(args);
    using var loop = new EventLoop();
    Scenario scenario = options.Scenario switch
    {
        "fan-out" => new FanOut(options, loop),
        "echo" => new Echo(options, loop),
        "handshakes" => new Handshakes(options, loop),
        "idle" => new Idle(options, loop),
        "paced-fan-out" => new PacedFanOut(options, loop),
        "paced-echo" => new PacedEcho(options, loop),
        "churn" => new Churn(options, loop),
        _ => throw new LoadException($"There is no scenario '{options.Scenario}': give fan-out, echo, handshakes, idle, paced-fan-out, paced-echo or churn."),
    };
    Console.WriteLine(JsonSerializer.Serialize(scenario.Run(), ResultJson.Default.Result));
    return 0;
}
catch (LoadException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
