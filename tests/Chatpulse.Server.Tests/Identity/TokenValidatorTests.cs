using Chatpulse.Server.Chat;
using Chatpulse.Server.Identity;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Identity;

public sealed class TokenValidatorTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Now);
    private readonly TokenValidator _validator;

    public TokenValidatorTests() => _validator = new TokenValidator(TestToken.Secret, _time);

    private static long Seconds(int fromNow) => Now.AddSeconds(fromNow).ToUnixTimeSeconds();

    private async Task<string> RefusedAsync(string token)
    {
        var refused = await Should.ThrowAsync<ChatException>(async () => await _validator.ValidateAsync(token));
        refused.Code.ShouldBe(ChatErrorCodes.Unauthenticated);
        return refused.Message;
    }

    [Theory]
    [InlineData("\"123\"")]
    [InlineData("123")]
    public async Task A_signed_token_names_the_user_the_name_and_the_end(string subject)
    {
        var identity = await _validator.ValidateAsync(TestToken.Sign($$"""{"sub":{{subject}},"exp":{{Seconds(60)}},"name":" Ada "}"""));
        identity.ShouldBe(new UserIdentity(123, "Ada", Now.AddSeconds(60)));
    }

    [Fact]
    public async Task Another_key_is_refused() =>
        (await RefusedAsync(TestToken.Sign($$"""{"sub":"1","exp":{{Seconds(60)}}}""", secret: new string('x', 32)))).ShouldContain("signature");

    [Fact]
    public async Task A_changed_payload_is_refused()
    {
        var parts = TestToken.Sign($$"""{"sub":"1","exp":{{Seconds(60)}}}""").Split('.');
        var other = TestToken.Sign($$"""{"sub":"2","exp":{{Seconds(60)}}}""").Split('.');
        (await RefusedAsync($"{parts[0]}.{other[1]}.{parts[2]}")).ShouldContain("signature");
    }

    [Theory]
    [InlineData("none")]
    [InlineData("HS384")]
    [InlineData("RS256")]
    [InlineData("hs256")]
    public async Task Another_algorithm_is_refused(string algorithm) =>
        await RefusedAsync(TestToken.Sign($$"""{"sub":"1","exp":{{Seconds(60)}}}""", algorithm));

    [Fact]
    public async Task A_token_without_a_signature_is_refused()
    {
        var parts = TestToken.Sign($$"""{"sub":"1","exp":{{Seconds(60)}}}""", "none").Split('.');
        await RefusedAsync($"{parts[0]}.{parts[1]}.");
    }

    [Fact]
    public async Task A_token_is_good_until_it_expires_give_or_take_five_seconds()
    {
        var token = TestToken.Sign($$"""{"sub":"1","exp":{{Seconds(60)}}}""");
        _time.Advance(TimeSpan.FromSeconds(65));
        (await _validator.ValidateAsync(token)).UserId.ShouldBe(1);
        _time.Advance(TimeSpan.FromSeconds(1));
        (await RefusedAsync(token)).ShouldContain("expired");
    }

    [Fact]
    public async Task A_token_is_not_good_before_its_time()
    {
        var token = TestToken.Sign($$"""{"sub":"1","nbf":{{Seconds(30)}},"exp":{{Seconds(60)}}}""");
        (await RefusedAsync(token)).ShouldContain("not valid yet");
        _time.Advance(TimeSpan.FromSeconds(25));
        (await _validator.ValidateAsync(token)).UserId.ShouldBe(1);
    }

    [Theory]
    [InlineData("{\"sub\":\"1\"}", "exp")]
    [InlineData("{\"exp\":EXP}", "sub")]
    [InlineData("{\"sub\":\"0\",\"exp\":EXP}", "sub")]
    [InlineData("{\"sub\":\"-1\",\"exp\":EXP}", "sub")]
    [InlineData("{\"sub\":1.5,\"exp\":EXP}", "sub")]
    [InlineData("{\"sub\":\"admin\",\"exp\":EXP}", "sub")]
    [InlineData("{\"sub\":\"9007199254740992\",\"exp\":EXP}", "sub")]
    [InlineData("{\"sub\":null,\"exp\":EXP}", "sub")]
    public async Task What_a_token_must_have_is_named(string payload, string claim) =>
        (await RefusedAsync(TestToken.Sign(payload.Replace("EXP", $"{Seconds(60)}", StringComparison.Ordinal)))).ShouldContain(claim);

    [Theory]
    [InlineData("253402300799")]
    [InlineData("253402300800")]
    [InlineData("9007199254740991")]
    public async Task A_token_may_be_good_for_as_long_as_there_is_time(string expires) =>
        (await _validator.ValidateAsync(TestToken.Sign($$"""{"sub":"1","exp":{{expires}}}"""))).ExpiresAt.ShouldNotBeNull().Year.ShouldBe(9999);

    [Fact]
    public async Task An_extension_that_is_marked_critical_is_refused() =>
        (await RefusedAsync(TestToken.Sign($$"""{"sub":"1","exp":{{Seconds(60)}}}""", "HS256\",\"crit\":[\"b64\"],\"b64\":\"x"))).ShouldContain("crit");

    [Theory]
    [InlineData("5")]
    [InlineData("\"  \"")]
    [InlineData("\"a\\u0000b\"")]
    public async Task A_name_that_cannot_be_shown_is_no_name(string name)
    {
        var identity = await _validator.ValidateAsync(TestToken.Sign($$"""{"sub":"1","exp":{{Seconds(60)}},"name":{{name}}}"""));
        identity.DisplayName.ShouldBe(name is "5" ? "5" : null);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("a.b.c")]
    [InlineData("....")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.bm90IGpzb24.AAAA")]
    [InlineData("\0")]
    public async Task What_is_no_token_is_refused(string token) => await RefusedAsync(token);

    [Fact]
    public async Task A_token_of_a_megabyte_is_refused_unread() => await RefusedAsync(new string('a', 1_000_000));
}
