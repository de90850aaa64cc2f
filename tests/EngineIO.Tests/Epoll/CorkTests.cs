using EngineIO.Epoll;
using EngineIO.Transports;

namespace EngineIO.Tests.Epoll;

/// <summary>Writes that are put off.</summary>
public sealed class CorkTests
{
    private readonly List<string> _written = [];
    private readonly Cork _cork;

    public CorkTests() => _cork = new Cork(exception => _written.Add(exception.Message));

    [Fact]
    public void Whoever_has_more_to_write_each_time_does_not_keep_the_loop_from_its_events()
    {
        _cork.TryAdd(new Writer(this, "a", endless: true)).ShouldBeTrue();
        _cork.TryAdd(new Writer(this, "b")).ShouldBeTrue();
        _cork.Flush(thread: null).ShouldBeFalse();
        _written.ShouldBe(["a", "b"]);
        _cork.Flush(thread: null).ShouldBeFalse();
        _written.ShouldBe(["a", "b", "a"]);
    }

    [Fact]
    public void Flush_makes_as_many_as_it_may_and_says_whether_any_are_left()
    {
        foreach (var name in (string[])["a", "b", "c"])
            _cork.TryAdd(new Writer(this, name)).ShouldBeTrue();
        _cork.Flush(thread: null, most: 2).ShouldBeFalse();
        _written.ShouldBe(["a", "b"]);
        _cork.Flush(thread: null, most: 2).ShouldBeTrue();
        _written.ShouldBe(["a", "b", "c"]);
        _cork.Flush(thread: null).ShouldBeTrue();
    }

    [Fact]
    public void Writer_that_fails_does_not_keep_others_from_writing()
    {
        _cork.TryAdd(new Writer(this, "a", fails: true)).ShouldBeTrue();
        _cork.TryAdd(new Writer(this, "b")).ShouldBeTrue();
        _cork.Flush(thread: null).ShouldBeTrue();
        _written.ShouldBe(["a", "a failed", "b"]);
    }

    [Fact]
    public void Nothing_is_put_off_after_the_end()
    {
        _cork.TryAdd(new Writer(this, "a", endless: true)).ShouldBeTrue();
        _cork.Close();
        _cork.TryAdd(new Writer(this, "b")).ShouldBeFalse();
        _cork.Flush(thread: null).ShouldBeTrue();
        _written.ShouldBe(["a"]);
    }

    private sealed class Writer(CorkTests test, string name, bool endless = false, bool fails = false) : IPendingWriter
    {
        public void WritePending()
        {
            test._written.Add(name);
            if (endless)
                test._cork.TryAdd(this);
            if (fails)
                throw new InvalidOperationException($"{name} failed");
        }

        public bool TryWriteWith(SendBatch batch) => throw new NotSupportedException();

        public void OnWritten(ReadOnlyMemory<byte> rest, OutboundMessage? message) => throw new NotSupportedException();
    }
}
