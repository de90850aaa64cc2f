using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>Knowing users and finding them.</summary>
public abstract class UserSpecification : StoreSpecification
{
    [Fact]
    public async Task A_known_user_is_found_and_an_unknown_one_is_null()
    {
        (await Store.FindUserAsync(Ann, Cancellation)).ShouldNotBeNull().DisplayName.ShouldBe("Ann Ångström");
        (await Store.FindUserAsync(Harness.UnknownUserId, Cancellation)).ShouldBeNull();
    }

    [Fact]
    public async Task Signing_in_without_a_name_keeps_the_name()
    {
        (await Store.EnsureUserAsync(Ann, null, Cancellation)).DisplayName.ShouldBe("Ann Ångström");
        (await Store.EnsureUserAsync(Ann, "  ", Cancellation)).DisplayName.ShouldBe("Ann Ångström");
    }

    [Fact]
    public async Task Signing_in_with_another_name_renames_where_names_come_with_sign_ins()
    {
        var expected = Harness.NamesComeWithSignIns ? "Anna" : "Ann Ångström";

        (await Store.EnsureUserAsync(Ann, " Anna ", Cancellation)).DisplayName.ShouldBe(expected);

        (await Store.FindUserAsync(Ann, Cancellation))!.DisplayName.ShouldBe(expected);
    }

    [Fact]
    public async Task A_user_who_is_renamed_is_found_by_the_new_name_only()
    {
        await Harness.RenameUserAsync(Ann, "Anna");

        (await Store.UsersAsync(new UserQuery("anna", [], [], 10), Cancellation)).ShouldHaveSingleItem().Id.ShouldBe(Ann);
        (await Store.UsersAsync(new UserQuery("ångström", [], [], 10), Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_search_ignores_case_and_finds_parts()
    {
        (await Store.UsersAsync(new UserQuery("ÅNGS", [], [], 10), Cancellation)).ShouldHaveSingleItem().Id.ShouldBe(Ann);
        (await Store.UsersAsync(new UserQuery(" bob ", [], [], 10), Cancellation)).ShouldHaveSingleItem().Id.ShouldBe(Bob);
        (await Store.UsersAsync(new UserQuery("_", [], [], 10), Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Users_can_be_included_and_left_out()
    {
        (await Store.UsersAsync(new UserQuery(null, [Bob, Cem, Bob, Harness.UnknownUserId], [], 10), Cancellation)).Select(u => u.Id).ShouldBe([Bob, Cem]);
        (await Store.UsersAsync(new UserQuery("e", [Bob, Cem], [], 10), Cancellation)).Select(u => u.Id).ShouldBe([Cem]);
        (await Store.UsersAsync(new UserQuery(null, [Bob, Cem], [Cem], 10), Cancellation)).Select(u => u.Id).ShouldBe([Bob]);
        (await Store.UsersAsync(new UserQuery(null, [], [Ann, Bob], 100), Cancellation)).Select(u => u.Id).ShouldNotContain(Bob);
    }

    [Fact]
    public async Task No_more_users_come_than_were_asked_for()
    {
        (await Store.UsersAsync(new UserQuery(null, [Ann, Bob, Cem], [], 2), Cancellation)).Select(u => u.Id).ShouldBe([Ann, Bob]);
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.UsersAsync(new UserQuery(null, [], [], 0), Cancellation));
    }

    [Fact]
    public async Task Too_many_ids_and_names_that_are_too_long_are_invalid()
    {
        long[] tooMany = [.. Enumerable.Range(1, StoreLimits.IdsPerCall + 1)];
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.UsersAsync(new UserQuery(null, tooMany, [], 10), Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.UsersAsync(new UserQuery(null, [], tooMany, 10), Cancellation));
        await RefusedAsync(
            ChatErrorCodes.Invalid, async () => await Store.EnsureUserAsync(Ann, new string('n', StoreLimits.DisplayNameLength + 1), Cancellation));
    }
}
