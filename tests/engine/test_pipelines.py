"""The pipelines from end to end: real clients, simulated sources over HTTP, a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

import pytest

from guild_builder import GuildBuilder
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import ConfigurationError, SourceError
from sv_common.guild_sync.roster import guilds, ranks, runs
from sv_common.guild_sync.scheduler import (
    PipelineReport,
    run_addon_sync,
    run_blizzard_sync,
    run_discord_sync,
    run_full_match,
)
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld, addon
from sv_common.guild_sync.sources.addon.export import read_addon_export
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.http import http_client
from sv_common.guild_sync.sources.ports import Sources

SIZE = 40
"""Characters: enough for five people on Discord with an alt each."""


@dataclass
class Installation:
    """A database, a simulated guild, and real clients between them."""

    pool: Pool
    simulator: GuildSimulator
    sources: Sources
    guild_id: int

    @property
    def world(self) -> GuildWorld:
        return self.simulator.world

    async def upload(self) -> PipelineReport:
        export = read_addon_export(addon.render(self.world).encode())
        return await run_addon_sync(self.pool, export.characters, sources=self.sources)

    async def battlenet(self) -> PipelineReport:
        return await run_blizzard_sync(self.pool, sources=self.sources)

    async def discord(self) -> PipelineReport:
        return await run_discord_sync(self.pool, sources=self.sources)

    async def rows(self, query: LiteralString, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        async with self.pool.connection() as conn:
            return await (await conn.execute(query, values)).fetchall()

    async def player_named(self, name: str) -> str | None:
        """Whom a character belongs to, by display name."""
        rows = await self.rows(
            "select p.display_name from guild_identity.wow_characters c "
            "join guild_identity.player_characters l on l.character_id = c.id "
            "join guild_identity.players p on p.id = l.player_id where c.character_name = %(name)s",
            {"name": name},
        )
        return rows[0][0] if rows else None


@pytest.fixture(scope="module")
def simulator() -> Iterator[GuildSimulator]:
    with GuildSimulator(GuildWorld.seeded(7, SIZE)) as running:
        yield running


@pytest.fixture
async def installed(pool: Pool, simulator: GuildSimulator) -> AsyncIterator[Installation]:
    """The three sources synced once and matched."""
    simulator.load(GuildWorld.seeded(7, SIZE))
    world = simulator.world
    for person in _people(world):
        world.set_rank(_alt(person), max(world.rank_roles))  # one that automation may move
    async with http_client(trust_env=False) as http:
        discord = DiscordClient(http, token=simulator.discord_token, api_url=simulator.discord_url)
        battle_net = BattleNetClient(
            http,
            client_id=simulator.client_id,
            client_secret=simulator.client_secret,
            token_url=simulator.token_url,
            api_url=simulator.battlenet_url,
        )
        async with pool.connection() as conn:
            guild_id = await guilds.add(
                conn,
                world.address,
                world.guild_name,
                discord_guild_id=world.discord_guild_id,
                audit_channel_id=world.audit_channel_id,
            )
        installation = Installation(pool, simulator, Sources(battle_net, discord, discord), guild_id)
        await installation.battlenet()
        await installation.upload()
        async with pool.writing(guild_id, alone=False) as guild:
            await ranks.ensure(guild, world.rank_roles)
            for index, role in world.rank_roles.items():
                await ranks.map_to_role(guild, index, role.role_id, role.name, is_managed=True)
        await installation.discord()
        await run_full_match(pool, sources=installation.sources, actor="alice")
        yield installation


def _people(world: GuildWorld) -> list[Any]:
    """People on Discord by their main's name, with an alt whose note names the main."""
    return [
        person
        for person in world.people
        if person.member and person.name.lower() in person.member.display_name.lower() and _alt(person)
    ]


def _alt(person: Any) -> Any:
    return next((alt for alt in person.alts if person.name.lower() in alt.note.lower()), None)


async def test_an_upload_with_a_changed_note_ends_with_the_character_at_its_new_player_and_the_issue_resolved(
    installed: Installation,
) -> None:
    old, new = _people(installed.world)[:2]
    alt = _alt(old)
    new_player = await installed.player_named(new.name)
    assert await installed.player_named(alt.name) not in (None, new_player)
    installed.world.set_note(alt, new.name)
    report = await installed.upload()
    assert [step.name for step in report.steps] == [
        "sync",
        "run_integrity_check",
        "run_auto_mitigations",
        "send_sync_summary",
    ]
    assert await installed.player_named(alt.name) == new_player
    rows = await installed.rows(
        "select i.resolved_by, e.event, e.actor from guild_identity.audit_issues i "
        "join guild_identity.issue_events e on e.issue_id = i.id where i.issue_type = 'note_mismatch' order by e.id"
    )
    assert rows == [("automation", "opened", "addon sync"), ("automation", "resolved", "automation")]
    assert "fixed automatically" in str(installed.world.messages[-1].payload)


async def test_a_promotion_is_found_by_the_next_sync_and_closed_when_discord_is_put_right(
    installed: Installation,
) -> None:
    person = next(each for each in _people(installed.world) if each.highest_rank > 1 and not each.main.note)
    installed.world.set_rank(person.main, 1)
    await installed.battlenet()
    query: LiteralString = (
        "select resolved_by from guild_identity.audit_issues i "
        "join guild_identity.player_characters l on l.player_id = i.player_id "
        "join guild_identity.wow_characters c on c.id = l.character_id "
        "where issue_type = 'role_mismatch' and c.character_name = %(name)s"
    )
    assert await installed.rows(query, {"name": person.name}) == [(None,)]
    installed.world.grant_correct_role(person)
    await installed.discord()
    assert await installed.rows(query, {"name": person.name}) == [("detection",)]


async def test_a_run_with_nothing_to_say_posts_nothing_and_that_of_discord_never_does(installed: Installation) -> None:
    count = len(installed.world.messages)
    report = await installed.upload()
    assert (report.steps[-1].counts, len(installed.world.messages)) == ({"posted": 0}, count)
    steps = (await installed.discord()).steps
    assert [step.name for step in steps] == ["sync", "run_integrity_check", "run_auto_mitigations"]


async def test_each_run_leaves_a_row_with_its_steps_and_a_failed_source_changes_nothing(
    installed: Installation,
) -> None:
    before = await installed.rows("select to_jsonb(c) from guild_identity.wow_characters c order by id")
    installed.simulator.faults.status("roster", 404)
    with pytest.raises(SourceError):
        await installed.battlenet()
    installed.simulator.faults.clear()
    assert await installed.rows("select to_jsonb(c) from guild_identity.wow_characters c order by id") == before
    async with installed.pool.reading(installed.guild_id) as guild:
        newest, *_, oldest = await runs.recent(guild)
    assert (newest.pipeline, newest.status, [step["name"] for step in newest.steps]) == (
        "battlenet_sync",
        "failed",
        ["sync"],
    )
    assert newest.error == newest.steps[0]["error"] != ""
    assert (oldest.pipeline, oldest.status) == ("battlenet_sync", "done")
    assert oldest.steps[0]["counts"]["joined"] == len(installed.world.characters)


async def test_a_summary_that_cannot_be_posted_undoes_nothing(installed: Installation) -> None:
    installed.world.join("Zephyrine")
    installed.simulator.faults.status("message", 403)
    report = await installed.battlenet()
    installed.simulator.faults.clear()
    assert (report.status, report.steps[-1].error is not None) == ("partial", True)
    assert await installed.rows("select 1 from guild_identity.wow_characters where character_name = 'Zephyrine'") == [
        (1,)
    ]


async def test_without_credentials_the_sentence_names_the_settings(guild: GuildBuilder) -> None:
    with pytest.raises(ConfigurationError, match="PATT_BLIZZARD_CLIENT_ID"):
        await run_blizzard_sync(guild.pool, sources=Sources())
    with pytest.raises(ConfigurationError, match="PATT_DISCORD_BOT_TOKEN"):
        await run_discord_sync(guild.pool, sources=Sources())


async def test_runs_of_one_guild_never_overlap(installed: Installation) -> None:
    async with asyncio.timeout(60):
        await asyncio.gather(*(installed.upload() for _ in range(4)), installed.discord(), installed.battlenet())
    overlaps = await installed.rows(
        "select a.id, b.id from guild_identity.sync_log a join guild_identity.sync_log b "
        "on a.id < b.id and a.started_at < b.finished_at and b.started_at < a.finished_at"
    )
    assert overlaps == []


async def test_the_statement_count_of_a_pipeline_does_not_grow_with_the_number_of_changed_notes(
    installed: Installation,
) -> None:
    people = _people(installed.world)
    target, movers = people[0], [_alt(person) for person in people[1:5]]
    counts = []
    for group in (movers[:1], movers[1:]):
        for alt in group:
            installed.world.set_note(alt, target.name)
        counts.append((await installed.upload()).statements)
    assert counts[0] == counts[1]
