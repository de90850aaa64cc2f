using System.Text;
using System.Text.Json;
using Shouldly;
using SocketIO.Protocol;
using Xunit;

namespace SocketIO.Tests.Protocol;

public sealed class EventArgumentsTests
{
    private static EventArguments Parse(string json)
    {
        var options = new SocketIOOptions().Json;
        options.TypeInfoResolverChain.Add(PayloadsContext.Default);
        return EventArguments.Parse(Encoding.UTF8.GetBytes(json), options);
    }

    [Theory]
    [InlineData("[]", "argument 1 is missing", null)]
    [InlineData("[null]", "argument 1 is null", null)]
    [InlineData("[5]", "argument 1 must be an object", null)]
    [InlineData("[\"x\"]", "argument 1 must be an object", null)]
    [InlineData("[{}]", "argument 1: the field \"name\" is missing", "name")]
    [InlineData("[{\"name\":null}]", "argument 1: the field \"name\" must be text", "name")]
    [InlineData("[{\"name\":5}]", "argument 1: the field \"name\" must be text", "name")]
    [InlineData("[{\"name\":\"a\",\"times\":\"many\"}]", "argument 1: the field \"times\" must be a whole number in range", "times")]
    [InlineData("[{\"name\":\"a\",\"times\":1e99}]", "argument 1: the field \"times\" must be a whole number in range", "times")]
    [InlineData("[{\"name\":\"a\",\"times\":1.5}]", "argument 1: the field \"times\" must be a whole number in range", "times")]
    [InlineData("[{\"name\":\"\\ud800\"}]", "argument 1 has text that is not valid Unicode", null)]
    [InlineData("[{\"name\":\"a\",\"\\udc00\":1}]", "argument 1 has text that is not valid Unicode", null)]
    public void What_does_not_fit_names_the_field(string json, string message, string? field)
    {
        var exception = Should.Throw<InvalidPayloadException>(() => Parse(json).Get<Greeting>(0));
        exception.Message.ShouldBe(message);
        exception.Field.ShouldBe(field);
    }

    [Fact]
    public void What_fits_is_given()
    {
        var arguments = Parse("[{\"name\":\"a\",\"times\":\"3\",\"unknown\":[1]}, [1,2], \"\\ud83d\\ude00\", null, true]");
        arguments.Count.ShouldBe(5);
        arguments.Get<Greeting>(0).ShouldBe(new Greeting("a", 3));
        arguments.Get<int[]>(1).ShouldBe([1, 2]);
        arguments.Get<string>(2).ShouldBe("😀");
        arguments.Get<int?>(3).ShouldBeNull();
        arguments.Get<JsonElement>(3).ValueKind.ShouldBe(JsonValueKind.Null);
        arguments.GetJson(4).GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public void A_lone_surrogate_spoils_its_own_argument_only()
    {
        var arguments = Parse("[\"\\uDBFF\",\"ok\",\"\\\\ud800\"]");
        Should.Throw<InvalidPayloadException>(() => arguments.GetJson(0));
        arguments.Get<string>(1).ShouldBe("ok");
        arguments.Get<string>(2).ShouldBe("\\ud800");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[")]
    [InlineData("")]
    public void What_is_no_array_is_refused(string json) => Should.Throw<InvalidPayloadException>(() => Parse(json));

    [Fact]
    public void A_type_that_nobody_registered_is_named() =>
        Should.Throw<InvalidOperationException>(() => Parse("[{}]").Get<Unregistered>(0)).Message.ShouldContain("TypeInfoResolverChain");
}
