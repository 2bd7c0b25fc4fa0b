"""Whose export is it: one of another guild, region or realm is refused, and a right one never is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.db_sync import sync_addon_data
from sv_common.guild_sync.roster import guilds, realms
from sv_common.guild_sync.sources.addon.origin import ExportOrigin, GuildIdentity, belongs_to, refuse_other_guild
from sv_common.guild_sync.sources.models import GuildAddress, Realm

OURS = ExportOrigin("Lantern Watch", "Area52", 1)
GUILD = GuildIdentity("Lantern Watch", "lantern-watch", "area-52", "us")
REALMS = (
    Realm(1566, "area-52", ("Area 52",)),
    Realm(57, "illidan", ("Illidan",)),
    Realm(1602, "gordunni", ("Gordunni", "Гордунни")),
)


@pytest.fixture
async def members(guild: GuildBuilder) -> GuildBuilder:
    """A guild on Area 52 with a member on Gordunni, and all realms of the region known."""
    for name in ("Elrek", "Mito", "Zoe"):
        await guild.character(name, "before")
    await guild.character("Kim", "before", realm="gordunni")
    async with guild.pool.connection() as conn:
        await realms.write(conn, "us", REALMS)
    return guild


def rows(realm: str | None = "Area52") -> list[dict[str, Any]]:
    """The members as an export of their own guild, or of another guild's namesakes, has them."""
    return [{"name": name, "realm": realm, "note": "after", "rank": 3} for name in ("Elrek", "Mito", "Zoe")]


async def _notes(guild: GuildBuilder) -> set[str]:
    return {note for (note,) in await guild.rows("select guild_note from guild_identity.wow_characters")}


async def _send(guild: GuildBuilder, origin: ExportOrigin, realm: str | None = "Area52") -> None:
    await sync_addon_data(guild.pool, rows(realm), guild_id=guild.guild_id, origin=origin)


@pytest.mark.parametrize(
    ("origin", "realm", "both"),
    [
        (replace(OURS, guild_name="Mirror Moon"), "Area52", ("“Mirror Moon”", "“Lantern Watch”")),
        (replace(OURS, guild_name="Mirror Moon", realm=None, region=None), None, ("“Mirror Moon”", "“Lantern Watch”")),
        (replace(OURS, guild_name="Lantern Watch Alts"), "Area52", ("“Lantern Watch Alts”", "“Lantern Watch”")),
        (replace(OURS, region=3), "Area52", ("the region EU", "in US")),
        (replace(OURS, realm="Illidan"), "Illidan", ("on Illidan", "on area-52")),
        (replace(OURS, realm="Illidan"), None, ("on Illidan", "on area-52")),
    ],
)
async def test_an_export_of_another_guild_is_refused_with_both_names_and_changes_nothing(
    members: GuildBuilder, origin: ExportOrigin, realm: str | None, both: tuple[str, str]
) -> None:
    with pytest.raises(BadInput) as refused:
        await _send(members, origin, realm)
    assert all(name in str(refused.value) for name in both)
    may_be_new_address = origin.region in (OURS.region, None)
    assert ("Settings → Guild, or with “patt guild move”" in str(refused.value)) is may_be_new_address
    assert await _notes(members) == {"before"}


@pytest.mark.parametrize(
    "origin",
    [
        OURS,
        ExportOrigin(),
        replace(OURS, guild_name=None),
        replace(OURS, guild_name="LANTERN WATCH"),
        replace(OURS, realm=None, region=None),
        replace(OURS, realm="area-52"),
        pytest.param(replace(OURS, realm="Гордунни"), id="a member's realm in the client's language"),
        pytest.param(replace(OURS, realm="Gordunni"), id="a member's realm"),
        pytest.param(replace(OURS, realm="Illidan"), id="the first member from a realm, before the next roster"),
        pytest.param(replace(OURS, realm="Nowhere"), id="a realm that nobody knows"),
        pytest.param(replace(OURS, region=90), id="a region that nobody knows"),
    ],
)
async def test_an_export_of_the_guild_is_never_refused(members: GuildBuilder, origin: ExportOrigin) -> None:
    await _send(members, origin)
    assert await _notes(members) == {"before", "after"}


async def test_while_the_guild_has_no_roster_its_realm_decides_nothing(guild: GuildBuilder) -> None:
    async with guild.pool.connection() as conn:
        await realms.write(conn, "us", REALMS)
    await _send(guild, replace(OURS, realm="Illidan"), "Illidan")


async def test_a_guild_whose_name_here_is_another_than_in_the_game_is_known_by_its_address(
    members: GuildBuilder,
) -> None:
    await members.execute("update guild_identity.guilds set name = 'The Watch (raiders)'")
    await _send(members, OURS)
    assert "after" in await _notes(members)


@pytest.mark.parametrize(
    ("said", "names", "belongs"),
    [
        ("Lantern Watch", ("Lantern Watch",), True),
        ("Knights o' Ni", ("knights-o-ni",), True),
        ("L'Ordre Écarlate", ("lordre-écarlate",), True),
        ("Стража", ("Night Watch", "стража"), True),
        (None, ("Lantern Watch",), True),
        ("Lantern Watch", ("Night Watch", "Lantern"), False),
        ("Éclipse", ("Eclipse",), False),
        ("Lantern Watch", (), False),
    ],
)
def test_an_export_belongs_to_a_guild_by_any_of_its_names(
    said: str | None, names: tuple[str, ...], belongs: bool
) -> None:
    assert belongs_to(ExportOrigin(said), names) is belongs


def test_an_export_under_a_former_name_is_refused_and_told_that_a_new_one_is_needed() -> None:
    renamed = replace(GUILD, name="Night Watch", name_slug="night-watch", former_names=("Lantern Watch",))
    with pytest.raises(
        BadInput, match=r"before “Lantern Watch” was renamed to “Night Watch”.*so it was not used. Export again"
    ):
        refuse_other_guild(OURS, renamed)
    refuse_other_guild(replace(OURS, guild_name="Night Watch"), renamed)


async def test_an_export_from_before_the_guild_was_renamed_asks_for_a_new_one(members: GuildBuilder) -> None:
    async with members.pool.writing(members.guild_id) as guild:
        address = GuildAddress("us", "area-52", "mirror-moon")
        await guilds.move(guild, address, "Mirror Moon", actor="alice")
    with pytest.raises(BadInput, match="before “Lantern Watch” was renamed to “Mirror Moon”"):
        await _send(members, OURS)
    assert await _notes(members) == {"before"}
    await _send(members, replace(OURS, guild_name="Mirror Moon"))
    assert await _notes(members) == {"before", "after"}
