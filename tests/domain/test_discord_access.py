"""What a member may do in a channel, case by case of Discord's documentation."""

import pytest

from sv_common.guild_sync.sources.discord.permissions import (
    ALL_PERMISSIONS,
    Overwrite,
    Permission,
    TextChannel,
    permissions_in_channel,
)

SERVER, RAIDER, BOTS, BOT = "1", "2", "3", "9"
SEE, WRITE, EMBED = Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES, Permission.EMBED_LINKS


def of_role(role_id: str, *, allow: int = 0, deny: int = 0) -> Overwrite:
    return Overwrite(role_id, False, allow, deny)


def of_member(member_id: str, *, allow: int = 0, deny: int = 0) -> Overwrite:
    return Overwrite(member_id, True, allow, deny)


@pytest.mark.parametrize(
    ("base", "overwrites", "expected"),
    [
        (0, [], 0),
        (SEE | WRITE, [], SEE | WRITE),
        (SEE, [of_role(SERVER, allow=WRITE)], SEE | WRITE),
        (SEE | WRITE, [of_role(SERVER, deny=WRITE)], SEE),
        # A role's allowance goes before everybody's denial, and before another role's.
        (SEE, [of_role(BOTS, allow=WRITE), of_role(SERVER, deny=WRITE)], SEE | WRITE),
        (SEE, [of_role(BOTS, allow=WRITE), of_role(RAIDER, deny=WRITE)], SEE | WRITE),
        (SEE | WRITE, [of_role(BOTS, deny=WRITE), of_role(SERVER, allow=WRITE)], SEE),
        # The member's own overwrite goes before all others.
        (SEE, [of_member(BOT, allow=WRITE), of_role(BOTS, deny=WRITE)], SEE | WRITE),
        (SEE | WRITE, [of_member(BOT, deny=WRITE), of_role(BOTS, allow=WRITE)], SEE),
        # What concerns somebody else does not count, even under the same number.
        (SEE, [of_role("4", allow=WRITE), of_member("8", allow=WRITE)], SEE),
        (SEE, [of_role(BOT, allow=WRITE), of_member(BOTS, allow=WRITE)], SEE),
        # Who cannot see can do nothing; who cannot write can embed nothing.
        (SEE | WRITE | EMBED, [of_role(SERVER, deny=SEE)], 0),
        (SEE | WRITE | EMBED, [of_role(SERVER, deny=WRITE)], SEE),
        (Permission.ADMINISTRATOR, [of_role(SERVER, deny=SEE | WRITE), of_member(BOT, deny=SEE)], ALL_PERMISSIONS),
        # An overwrite cannot make an administrator.
        (SEE, [of_role(SERVER, allow=Permission.ADMINISTRATOR)], SEE | Permission.ADMINISTRATOR),
    ],
)
def test_overwrites_apply_in_discords_order(base: int, overwrites: list[Overwrite], expected: int) -> None:
    assert permissions_in_channel(base, SERVER, [RAIDER, BOTS], BOT, overwrites) == expected


def test_the_order_in_which_overwrites_are_listed_does_not_matter() -> None:
    overwrites = [of_member(BOT, allow=EMBED), of_role(BOTS, allow=WRITE), of_role(SERVER, deny=SEE, allow=0)]
    overwrites.append(of_role(RAIDER, allow=SEE, deny=WRITE))
    found = {
        permissions_in_channel(SEE, SERVER, [RAIDER, BOTS], BOT, order) for order in (overwrites, overwrites[::-1])
    }
    assert found == {SEE | WRITE | EMBED}


@pytest.mark.parametrize(
    ("permissions", "missing"),
    [
        (0, ("View Channel", "Send Messages", "Embed Links")),
        (SEE | WRITE, ("Embed Links",)),
        (SEE | WRITE | EMBED, ()),
        (ALL_PERMISSIONS, ()),
    ],
)
def test_a_channel_says_which_permissions_a_summary_lacks(permissions: int, missing: tuple[str, ...]) -> None:
    assert TextChannel("5", "officers", permissions).missing == missing
