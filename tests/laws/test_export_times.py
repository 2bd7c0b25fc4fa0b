"""An older source never changes what a newer one said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guild_builder import GuildBuilder
from laws.law import empty, tried_on
from sv_common.db.pool import Pool
from sv_common.guild_sync.db_sync import sync_addon_data
from sv_common.guild_sync.sources.models import AddonCharacter

NAMES = ("Elrek", "Mito", "Zoe")
_START = datetime(2026, 1, 1, tzinfo=UTC)
_notes = st.sampled_from((None, "", "alt of Mito", "Main", "Elrek"))
_ranks = st.sampled_from((None, 1, 2, 3))
_rank_names = st.sampled_from((None, "Officer", "Raider", "Friend"))


@dataclass(frozen=True)
class Export:
    """What one export says, and after how many hours it was made."""

    hours: int
    rows: tuple[AddonCharacter, ...]


@st.composite
def exports(draw: st.DrawFn) -> list[Export]:
    """Some exports of different moments, by uploaders who see more or less."""
    hours = draw(st.lists(st.integers(1, 5_000), min_size=2, max_size=5, unique=True))
    return [
        Export(each, tuple(_row(draw, name) for name in NAMES if draw(st.booleans()) or name == "Zoe"))
        for each in hours
    ]


def _row(draw: st.DrawFn, name: str) -> AddonCharacter:
    return AddonCharacter(name, "Area52", draw(_notes), draw(_notes), draw(_ranks), draw(_rank_names), 80, "Mage")


@tried_on()
@given(exports(), st.randoms(use_true_random=True))
async def test_exports_end_as_in_the_order_of_their_times_however_they_come_and_one_sent_again_changes_nothing(
    pool: Pool, sent: list[Export], rng: Any
) -> None:
    in_order = sorted(sent, key=lambda each: each.hours)
    end = await _end_of(pool, in_order)
    assert await _end_of(pool, rng.sample(sent, len(sent))) == end
    assert await _end_of(pool, [*in_order, rng.choice(sent)]) == end


async def _end_of(pool: Pool, sent: Sequence[Export]) -> list[tuple[Any, ...]]:
    """What a fresh guild knows after these exports, one after the other."""
    await empty(pool)
    guild = await GuildBuilder.create(pool)
    for name in NAMES:
        await guild.character(name)
    for export in sent:
        at = _START + timedelta(hours=export.hours)
        await sync_addon_data(pool, export.rows, guild_id=guild.guild_id, exported_at=at)
    return await guild.rows(
        "select c.character_name, c.guild_note, c.officer_note, c.note_key, c.settled_rank_index, f.guild_note_as_of, "
        "f.officer_note_as_of, f.settled_rank_as_of "
        "from guild_identity.wow_characters c join guild_identity.addon_facts f on f.character_id = c.id "
        "union all select wow_rank_index::text, name, name_in_game, null, null, greatest(name_as_of, e.as_of), null, null "
        "from common.guild_ranks r left join guild_identity.last_exports e on e.rank_names @> r.wow_rank_index::bigint "
        "order by 1"
    )
