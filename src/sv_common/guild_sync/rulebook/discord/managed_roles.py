"""Managed Discord roles that players hold and should not, or should hold and do not: one question for all rules about roles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sv_common.db.guild import reads_for_officers
from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.basis import basis_in_words, is_confirmed
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.identity.accounts.owners import WITHHELD
from sv_common.guild_sync.issues.material import Material
from sv_common.guild_sync.rulebook.dependence import depends_on

SQL = load_sql(__package__, "managed_roles.sql")

DEPENDS_ON: Final = depends_on(
    "characters", "links", "players", "members", "roles", "ranks", "grants", "accounts", "decisions"
)
"""On what the question depends; on accounts and decisions about them, because a link by the account may count."""

ROLE_WITH_POWER: Final = mark("A role with power over the Discord server or PATT needs your click.")


async def wrong_roles(
    guild: GuildConnection, *, departed: bool, among: Collection[int] | None = None
) -> list[dict[str, Any]]:
    """Return the details of each player with wrong roles, `among` some or of all.

    With `departed` these are the players who are known to have left the guild, without it all others: no player is in both.
    """
    return [details for is_departed, details in await _all_wrong(guild, among) if is_departed is departed]


async def _all_wrong(guild: GuildConnection, among: Collection[int] | None) -> Sequence[tuple[bool, dict[str, Any]]]:
    """Return the details of all, and whether they have left. Two rules ask the same, so it is read once in a scan."""
    key = f"wrong roles of {'all' if among is None else sorted(among)}"
    if guild.kept is not None and key in guild.kept:
        kept: Sequence[tuple[bool, dict[str, Any]]] = guild.kept[key]
        return kept
    rows = await guild.all(dict[str, Any], SQL["wrong"], among=None if among is None else list(among))
    found = [(row.pop("is_departed"), row) for row in rows]
    if guild.kept is not None:
        guild.kept[key] = found
    return found


def link_in_words(details: Mapping[str, Any]) -> str:
    """Say what the link of the deciding character to its player is based on."""
    return tr(
        "The link of {character} to {player} is based on {basis}.",
        character=details["character"],
        player=details["player"],
        basis=basis_in_words(details["basis"], details["basis_note"], details["confirmed_by"]),
    )


def by_account_in_words(details: Mapping[str, Any]) -> str:
    """Say that the link of the deciding character counts by its account; blank where it does not, or needs none.

    It is kept, and viewers read it, so it names no other character of the account.
    """
    return f"{tr('It counts by account evidence.')} {tr(WITHHELD)}" if details.get("counts_by_account") else ""


def where_it_is_named() -> str:
    """Say to officers, as they read, where the other character of the account is named; blank for others."""
    return tr("Settings › Account evidence names the other character.") if reads_for_officers() else ""


def doubts_in_words(details: Mapping[str, Any]) -> str:
    """Say what those links of the way from the character to the Discord member are based on that do not count; blank: both do."""
    doubts = []
    if not is_confirmed(details["basis"], details["confirmed_by"]) and not details.get("counts_by_account"):
        doubts.append(link_in_words(details))
    if not is_confirmed(details["discord_basis"], details["discord_confirmed_by"]):
        doubts.append(member_link_in_words(details))
    return " ".join(doubts)


def member_link_in_words(details: Mapping[str, Any]) -> str:
    """Say what the link of a player to the Discord member is based on."""
    return tr(
        "The link of {player} to {member} on Discord is based on {basis}.",
        player=details["player"],
        member=details["member"],
        basis=basis_in_words(details["discord_basis"], None, details["discord_confirmed_by"]),
    )


MEMBER_MATERIAL: Final = Material(
    "member",
    mark("the player's Discord member"),
    mark("when the player was {} on Discord"),
    mark("the player is {} on Discord"),
    lambda d: d.get("discord_member_id"),
    lambda d: str(d.get("member")),
)
WRONG_ROLES_MATERIAL: Final = Material(
    "wrong",
    mark("the wrong roles"),
    mark("when {} was a wrong role"),
    mark("{} is a wrong role"),
    lambda d: [role["id"] for role in d.get("wrong_roles", ())],
    lambda d: ", ".join(role["name"] for role in d.get("wrong_roles", ())) or tr("no role"),
)
