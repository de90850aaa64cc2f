namespace LoadGenerator;

/// <summary>Asks for echoes, none like the one before, and checks what is answered. A server answers each client in the order of its questions.</summary>
internal sealed class EchoQuestions
{
    // Of one digit, so that all questions are of one length.
    private const int Ids = 10;

    private readonly Outgoing[] _questions;
    private readonly Expected[] _answers;

    public EchoQuestions(Client anyone, Dialect dialect, int payload)
    {
        var json = Number.Json("echo", payload);
        _questions = [.. Enumerable.Range(0, Ids).Select(id => new Outgoing(anyone, dialect.Echo(id, json)))];
        _answers = [.. Enumerable.Range(0, Ids).Select(id => new Expected(dialect.Echoed(id, json)))];
    }

    public void Ask(Client client)
    {
        var number = client.Asked++;
        client.Send(_questions[number % Ids].With(Number.Digits(number)));
    }

    public void Check(Client client, ReadOnlySpan<byte> answer)
    {
        if (client.Due == client.Asked) throw new LoadException($"client {client.Index} got an answer and has asked nothing");
        var due = Number.Digits(client.Due);
        var digits = _answers[client.Due++ % Ids].Check(client, answer);
        if (digits != due) throw new LoadException($"client {client.Index} got echo {Expected.Show(digits)} where {Expected.Show(due)} was due");
    }
}
