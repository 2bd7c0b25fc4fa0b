"""Realms in uploads: written by the client in its own language, found by Battle.net's list of realms, by id, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from guild_builder import GuildBuilder, entry
from sv_common.db.pool import Pool, counting_statements
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.db_sync import sync_addon_data, sync_blizzard_roster
from sv_common.guild_sync.roster import guilds, realms
from sv_common.guild_sync.scheduler import run_addon_sync, run_blizzard_sync
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld, addon
from sv_common.guild_sync.sources.addon.export import read_addon_export
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.http import RetryPolicy, http_client
from sv_common.guild_sync.sources.models import Realm
from sv_common.guild_sync.sources.ports import Sources

REALMS = [
    Realm(1, "area-52", ("Area 52",)),
    Realm(1602, "gordunni", ("Gordunni", "Гордунни")),
    Realm(1603, "howling-fjord", ("Howling Fjord", "Ревущий фьорд")),
    Realm(1604, "azjolnerub", ("Azjol-Nerub", "Азжол-Неруб")),
    Realm(1605, "chants-éternels", ("Chants éternels",)),
    Realm(205, "azshara", ("아즈샤라",)),
    Realm(963, "shadowmoon", ("暗影之月",)),
]


@pytest.fixture
async def informed(guild: GuildBuilder) -> GuildBuilder:
    """The guild, once the realms of its region were fetched."""
    async with guild.pool.connection() as conn:
        await realms.write(conn, "us", REALMS)
    return guild


async def _roster(guild: GuildBuilder, *entries: Any) -> None:
    await sync_blizzard_roster(guild.pool, list(entries), guild_id=guild.guild_id)


async def _upload(
    guild: GuildBuilder, *rows: tuple[str, str | None, str] | tuple[str, str | None, str, str]
) -> SyncReport:
    """Upload entries of name, realm, note and guid."""
    fields = ("name", "realm", "note", "guid")
    written = [{key: value for key, value in zip(fields, row, strict=False) if value is not None} for row in rows]
    return await sync_addon_data(guild.pool, written, guild_id=guild.guild_id)


async def _notes(guild: GuildBuilder) -> dict[str, str | None]:
    rows = await guild.rows("select character_name || '-' || realm_slug, guild_note from guild_identity.wow_characters")
    return dict(rows)


@pytest.mark.parametrize(
    ("slug", "written"),
    [
        ("area-52", "Area52"),
        ("gordunni", "Гордунни"),
        ("gordunni", "Gordunni"),
        ("howling-fjord", "Ревущийфьорд"),
        ("azjolnerub", "AzjolNerub"),
        ("azjolnerub", "АзжолНеруб"),
        ("chants-éternels", "Chantséternels"),
        ("azshara", "아즈샤라"),
        ("shadowmoon", "暗影之月"),
    ],
)
async def test_a_realm_is_found_by_its_name_in_the_clients_language(
    informed: GuildBuilder, slug: str, written: str
) -> None:
    elsewhere = "gordunni" if slug != "gordunni" else "area-52"
    await _roster(informed, entry("Mito", realm_slug=slug), entry("Mito", realm_slug=elsewhere))
    report = await _upload(informed, ("Mito", written, "here"))
    assert await _notes(informed) == {f"Mito-{slug}": "here", f"Mito-{elsewhere}": None}
    assert (report.counts["characters"], report.notices) == (1, ())


async def test_a_newcomer_from_a_known_realm_is_not_taken_for_a_namesake_on_another(informed: GuildBuilder) -> None:
    await _roster(informed, entry("Mito"))
    report = await _upload(informed, ("Mito", "Гордунни", "of somebody else"))
    assert await _notes(informed) == {"Mito-area-52": None}
    assert "Not in the roster, so skipped: Mito-Гордунни." in report.notices


async def test_without_the_list_of_realms_a_name_of_two_is_left_alone_and_a_unique_one_is_matched(
    guild: GuildBuilder,
) -> None:
    two = (entry("Мито", realm_slug="gordunni"), entry("Мито", realm_slug="howling-fjord"))
    await _roster(guild, *two, entry("Ким", realm_slug="gordunni"))
    report = await _upload(guild, ("Мито", "Гордунни", "here"), ("Ким", "Гордунни", "unique"))
    assert await _notes(guild) == {"Мито-gordunni": None, "Мито-howling-fjord": None, "Ким-gordunni": "unique"}
    assert report.notices == ("On several realms, and the upload names no realm, so skipped: Мито-Гордунни.",)


async def test_the_realms_of_another_region_are_not_asked(guild: GuildBuilder) -> None:
    async with guild.pool.connection() as conn:
        await realms.write(conn, "eu", REALMS)
    two = (entry("Мито", realm_slug="gordunni"), entry("Мито", realm_slug="howling-fjord"))
    await _roster(guild, *two)
    assert (await _upload(guild, ("Мито", "Гордунни", "here"))).counts["ambiguous"] == 1


async def test_a_realms_name_that_two_realms_share_takes_nothing_from_whom_it_does_not_mean(
    guild: GuildBuilder,
) -> None:
    async with guild.pool.connection() as conn:
        await realms.write(
            conn, "us", [Realm(1, "area-52", ("Area 52", "Arena")), Realm(2, "arena", ("Sand", "Arena"))]
        )
    await _roster(guild, entry("Mito"))
    report = await _upload(guild, ("Mito", "Area52", "mine"), ("Mito", "Arena", "of a newcomer"))
    assert await _notes(guild) == {"Mito-area-52": "mine"}
    assert report.counts["unknown"] == 1


async def test_without_a_realm_the_games_own_id_decides_among_characters_of_one_name(guild: GuildBuilder) -> None:
    here = entry("Mito", realm_id=1, character_id=0xA1)
    await _roster(guild, here, entry("Mito", realm_slug="proudmoore", realm_id=2, character_id=0xB2))
    await _upload(guild, ("Mito", None, "there", "Player-77-000000B2"))
    assert await _notes(guild) == {"Mito-area-52": None, "Mito-proudmoore": "there"}


@pytest.mark.parametrize("guid", ["Player-1-000000FF", "Player-1-XYZ", "Creature-0-1-2-3-4-5", "", "A1"])
async def test_an_id_that_nobody_has_says_nothing(guild: GuildBuilder, guid: str) -> None:
    await _roster(guild, entry("Mito", realm_id=1, character_id=0xA1))
    await _upload(guild, ("Mito", "Area52", "mine", guid))
    assert await _notes(guild) == {"Mito-area-52": "mine"}


async def test_two_that_swapped_their_names_since_the_last_roster_wait_for_the_next(guild: GuildBuilder) -> None:
    await _roster(guild, entry("Elrek", realm_id=1, character_id=0xA1), entry("Mito", realm_id=1, character_id=0xB2))
    rows = (("Mito", "Area52", "a", "Player-1-000000A1"), ("Elrek", "Area52", "b", "Player-1-000000B2"))
    report = await _upload(guild, *rows)
    assert await _notes(guild) == {"Elrek-area-52": None, "Mito-area-52": None}
    assert report.notices == (
        "Listed twice, or with another character's id, so skipped until the next roster: Elrek-Area52, Mito-Area52.",
    )
    await _roster(guild, entry("Mito", realm_id=1, character_id=0xA1), entry("Elrek", realm_id=1, character_id=0xB2))
    await _upload(guild, *rows)
    assert await _notes(guild) == {"Elrek-area-52": "b", "Mito-area-52": "a"}


async def test_a_newcomer_under_the_old_name_of_somebody_renamed_does_not_get_that_characters_note(
    guild: GuildBuilder,
) -> None:
    await _roster(guild, entry("Elrek", realm_id=1, character_id=0xA1))
    rows = (("Arkan", "Area52", "renamed", "Player-1-000000A1"), ("Elrek", "Area52", "new", "Player-1-000000C3"))
    report = await _upload(guild, *rows)
    assert await _notes(guild) == {"Elrek-area-52": None}
    assert (report.counts["doubtful"], report.counts["unknown"]) == (1, 1)


async def test_an_entry_for_each_form_of_one_realms_name_is_none(informed: GuildBuilder) -> None:
    await _roster(informed, entry("Мито", realm_slug="gordunni"))
    report = await _upload(informed, ("Мито", "Гордунни", "one"), ("Мито", "Gordunni", "other"))
    assert await _notes(informed) == {"Мито-gordunni": None}
    assert report.counts["doubtful"] == 2


async def test_writing_the_realms_again_takes_their_new_names_and_keeps_those_that_are_listed_no_more(
    informed: GuildBuilder,
) -> None:
    with counting_statements() as counter:
        async with informed.pool.connection() as conn:
            await realms.write(conn, "us", [Realm(1602, "gordunni-two", ("Гордунни II", "Gordunni"))])
    known = {realm.realm_id: realm for realm in (await informed.call(realms.of_guild)).realms}
    assert counter.statements == 1
    assert known == {realm.realm_id: realm for realm in REALMS} | {
        1602: Realm(1602, "gordunni-two", ("Гордунни II", "Gordunni"))
    }


class _Region:
    """A simulated guild of one region on this computer, with a real client between it and the database."""

    def __init__(self, pool: Pool, simulator: GuildSimulator, client: BattleNetClient) -> None:
        self.pool = pool
        self.simulator = simulator
        self.sources = Sources(client, profiles=client, realms=client)

    async def notes(self) -> dict[tuple[str, str], str | None]:
        async with self.pool.connection() as conn:
            query = "select character_name, realm_slug, guild_note from guild_identity.wow_characters"
            return {(name, slug): note for name, slug, note in await (await conn.execute(query)).fetchall()}


@pytest.fixture
async def region_of(pool: Pool, request: pytest.FixtureRequest) -> AsyncIterator[_Region]:
    """A guild of 20 in the region that the test names."""
    world = GuildWorld.seeded(11, 20, region=request.param)
    for realm in world.realms:
        world.join("Мито", realm=realm, note=realm.slug)
    with GuildSimulator(world) as simulator:
        async with http_client(trust_env=False) as http:
            client = BattleNetClient(
                http,
                client_id=simulator.client_id,
                client_secret=simulator.client_secret,
                token_url=simulator.token_url,
                api_url=simulator.battlenet_url,
                retries=RetryPolicy(attempts=1),
            )
            async with pool.connection() as conn:
                await guilds.add(conn, world.address, world.guild_name)
            yield _Region(pool, simulator, client)


@pytest.mark.parametrize(
    ("region_of", "language"),
    [("us", "enUS"), ("eu", "ruRU"), ("eu", "frFR"), ("kr", "koKR"), ("tw", "zhTW")],
    indirect=["region_of"],
)
async def test_every_note_of_a_guild_reaches_its_character_in_every_region_and_language(
    region_of: _Region, language: str
) -> None:
    world = region_of.simulator.world
    await run_blizzard_sync(region_of.pool, sources=region_of.sources)
    export = read_addon_export(addon.render(world, language=language).encode())
    report = await run_addon_sync(region_of.pool, export.characters, sources=region_of.sources)
    assert report.steps[0].counts["characters"] == len(world.characters)
    assert await region_of.notes() == {(each.name, each.realm.slug): each.note for each in world.characters}


@pytest.mark.parametrize("region_of", ["eu"], indirect=True)
async def test_the_realms_are_fetched_with_the_roster_and_again_after_a_week_or_a_wrong_clock(
    region_of: _Region,
) -> None:
    first = await run_blizzard_sync(region_of.pool, sources=region_of.sources)
    assert [step.name for step in first.steps[:3]] == ["sync", "refresh_realms", "refresh_profiles"]
    assert (first.steps[1].counts, region_of.simulator.calls["realm_index"]) == ({"realms": 5}, 7)
    again = await run_blizzard_sync(region_of.pool, sources=region_of.sources)
    assert (again.steps[1].counts, region_of.simulator.calls["realm_index"]) == ({"realms": 0}, 7)
    async with region_of.pool.connection() as conn:
        await conn.execute("update common.realms set fetched_at = fetched_at - interval '8 days'")
    assert (await run_blizzard_sync(region_of.pool, sources=region_of.sources)).steps[1].counts == {"realms": 5}
    assert region_of.simulator.calls["realm_index"] == 14
    async with region_of.pool.connection() as conn:
        await conn.execute("update common.realms set fetched_at = fetched_at + interval '1 year'")
    assert (await run_blizzard_sync(region_of.pool, sources=region_of.sources)).steps[1].counts == {"realms": 5}


@pytest.mark.parametrize("region_of", ["eu"], indirect=True)
@pytest.mark.parametrize("fault", [{"realms": []}, {"realms": [{"id": 2**64, "slug": "a", "name": "A"}]}, [], "no"])
async def test_realms_that_cannot_be_had_are_a_notice_and_the_sync_goes_on(region_of: _Region, fault: object) -> None:
    region_of.simulator.faults.json("realm_index", fault, times=None)
    report = await run_blizzard_sync(region_of.pool, sources=region_of.sources)
    assert (report.status, report.steps[1].counts) == ("done", {"realms": 0})
    assert report.steps[1].notices[0].startswith("The list of realms could not be updated. Battle.net")
    region_of.simulator.faults.clear()
    assert (await run_blizzard_sync(region_of.pool, sources=region_of.sources)).steps[1].counts == {"realms": 5}


async def test_many_guilds_of_a_region_may_write_its_realms_at_once(guild: GuildBuilder) -> None:
    many = [Realm(number, f"realm-{number}", (f"Realm {number}",)) for number in range(300)]

    async def write(listed: list[Realm]) -> None:
        async with guild.pool.connection() as conn:
            await realms.write(conn, "us", listed)

    await asyncio.gather(*(write(many[number:] if number % 2 else many[::-1]) for number in range(8)))
    assert len((await guild.call(realms.of_guild)).realms) == 300
