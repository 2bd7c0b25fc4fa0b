"""A rule says on what it depends, and reads nothing else: else a look at a guild would not ask it when it should."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from guild_builder import GuildBuilder
from sv_common.db.counting import CountingCursor
from sv_common.guild_sync.identity import facts as facts_module
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.rulebook.dependence import SQL, Dependence
from sv_common.guild_sync.rules import RULES

_TABLE = re.compile(r"\b(?:guild_identity|common)\.([a-z_]+)")
_PART = re.compile(r"select '([a-z]+)'(?: as what)?, ")
_BEHIND = {
    "aliases_in_use": {"player_note_aliases", "player_characters", "wow_characters"},
    "moved_ranks": {"wow_characters"},
    "claimed_here": {"claims", "claimed_characters", "wow_characters"},
    "access_grants_in_force": {"access_grants", "guilds"},
    "links_counted_by_account": {
        "account_settings",
        "player_characters",
        "account_evidence",
        "wow_characters",
        "shared_accounts",
        "account_objections",
    },
}
"""Views, and the tables that they read."""


def _tables(statement: str) -> set[str]:
    named = set(_TABLE.findall(statement))
    return {table for each in named for table in _BEHIND.get(each, {each})}


def _tables_of_dependences() -> Mapping[str, set[str]]:
    _, *parts = _PART.split(SQL["state"])
    return {name: _tables(text) for name, text in zip(parts[::2], parts[1::2], strict=True)}


@pytest.mark.parametrize("issue_type", RULES)
async def test_a_rule_reads_only_tables_on_which_it_says_that_it_depends(
    guild: GuildBuilder, issue_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await guild.alt("Altrek", "Mito", await guild.main("Elrek"))
    rule, read, execute = RULES[issue_type], set[str](), CountingCursor.execute

    async def noting(cursor: Any, statement: Any, *values: Any, **options: Any) -> Any:
        read.update(_tables(str(statement)))
        return await execute(cursor, statement, *values, **options)

    async with guild.pool.writing(guild.guild_id) as here:
        monkeypatch.setattr(CountingCursor, "execute", noting)
        await rule.findings(here)
        monkeypatch.undo()
    if rule.issue_type == "note_mismatch":  # what is kept of characters is read by a statement like this
        read |= _tables(facts_module.SQL["characters"])
    assert rule.depends_on is not None
    declared = {"guilds"}.union(*(_tables_of_dependences()[each] for each in rule.depends_on))
    assert read
    assert read <= declared


def test_every_dependence_has_a_state() -> None:
    assert {*Dependence} <= _tables_of_dependences().keys()


async def test_a_row_that_was_written_past_the_product_is_seen_by_the_next_look(guild: GuildBuilder) -> None:
    character = await guild.character("Altrek", last_login_days=1)
    await guild.scan()
    assert (await run_integrity_check(guild.pool, guild_id=guild.guild_id)).total("refreshed") == 0
    await guild.execute(
        "update guild_identity.wow_characters set last_login_timestamp = 1 where id = %(id)s", {"id": character}
    )
    assert (await run_integrity_check(guild.pool, guild_id=guild.guild_id)).total("opened") == 1


async def test_an_issue_that_was_closed_past_the_product_opens_again_at_the_next_look(guild: GuildBuilder) -> None:
    await guild.character("Altrek")
    for _ in range(2):
        await guild.scan()
    await guild.execute("update guild_identity.audit_issues set resolved_at = now(), resolved_by = 'nobody'")
    assert (await run_integrity_check(guild.pool, guild_id=guild.guild_id)).total("recurred") == 1
