"""An upload that says what the last one said is known, and comes to just what a look at all of it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from guild_builder import GuildBuilder
from laws.law import empty, tried_on
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import BadInput, PattError
from sv_common.guild_sync.known_upload import UPLOADS
from sv_common.guild_sync.mitigations import undo
from sv_common.guild_sync.scheduler import run_addon_sync
from sv_common.guild_sync.sources.addon.origin import ExportOrigin
from sv_common.guild_sync.sources.ports import Sources

_START = datetime(2026, 1, 1, tzinfo=UTC)
_NAMES = ("Elrek", "Mito", "Zoe", "Altrek")


def _rows(notes: Sequence[str | None], **others: Any) -> list[dict[str, Any]]:
    rows = [
        {"name": name, "realm": "Area52", "note": note, "officerNote": "trusted", "rank": 2, "rankName": "Raider"}
        for name, note in zip(_NAMES, notes, strict=False)
    ]
    return [{**{key: value for key, value in row.items() if value is not None}, **others} for row in rows]


_EXPORTS: dict[str, list[dict[str, Any]]] = {
    "usual": _rows(("Main", "Main", "alt of Mito", "Mito")),
    "changed": _rows(("Main", "Main", "alt of Elrek", "Mito")),
    "changed more": _rows(("Main", "Main", "alt of Elrek", "Elrek")),
    "partial": _rows(("Main", "Main", "alt of Mito")),
    "with a stranger": [*_rows(("Main", "Main", "alt of Mito", "Mito")), {"name": "Nobody", "realm": "Area52"}],
    "other rank names": _rows(("Main", "Main", "alt of Mito", "Mito"), rankName="Hero"),
    "without notes": _rows((None,) * 4, noteVisible=False),
    "faulty": _rows(("Main", "Main", "alt of Mito", "Mito"), rank="high"),
}
_WRITES = {
    "note": "update guild_identity.wow_characters set guild_note = 'Elrek' where name_key = 'zoe'",
    "same note": "update guild_identity.wow_characters set guild_note = guild_note where name_key = 'zoe'",
    "time to come": "update guild_identity.wow_characters set guild_note_as_of = now() + interval '1 day' where name_key = 'zoe'",
    "later time": "update guild_identity.wow_characters set guild_note_as_of = '2026-01-09' where name_key = 'mito'",
    "left": "update guild_identity.wow_characters set removed_at = now() where name_key = 'altrek'",
    "returned": "update guild_identity.wow_characters set removed_at = null where name_key = 'altrek'",
    "rank": "update common.guild_ranks set name_in_game = 'Champion' where wow_rank_index = 2",
    "rank time": "update common.guild_ranks set name_as_of = '2026-01-09'",
    "unlinked": "delete from guild_identity.player_characters l using guild_identity.wow_characters c "
    "where c.id = l.character_id and c.name_key = 'altrek'",
    "basis": "update guild_identity.player_characters set basis_note = 'something else'",
    "named": "update guild_identity.players set display_name = 'Elrik' where display_name = 'Elrek'",
    "last export": "update guild_identity.last_exports set as_of = '2026-01-09'",
    "no export": "delete from guild_identity.last_exports",
    "fewer seen": "update guild_identity.last_exports set notes = '{}'",
    "realms": "insert into common.realms (region, realm_id, slug, names) values ('us', 3676, 'elsewhere', '{Area 52}') "
    "on conflict do nothing",
}


@dataclass(frozen=True)
class Step:
    """An upload of some export, made after so many hours; or what else happens."""

    kind: str
    what: str = ""
    hours: int = 0


_uploads = st.builds(
    Step,
    st.sampled_from(["upload", "upload", "upload", "foreign"]),
    st.sampled_from(sorted(_EXPORTS)),
    st.integers(1, 9),
)
_again = st.just(Step("again"))
_others = st.one_of(
    st.builds(Step, st.just("write"), st.sampled_from(sorted(_WRITES))), st.just(Step("undo")), st.just(Step("restart"))
)
_stories = st.lists(st.one_of(_uploads, _again, _again, _again, _others), min_size=3, max_size=9)
_SETTLED = [Step("upload", "usual", 1), Step("again"), Step("again")]


@tried_on(40)
@given(_stories)
@example([*_SETTLED, Step("again")])
@example([*_SETTLED, Step("write", "note"), Step("again")])
@example([*_SETTLED, Step("write", "time to come"), Step("again"), Step("again")])
@example([*_SETTLED, Step("write", "last export"), Step("again"), Step("upload", "usual", 300)])
@example([*_SETTLED, Step("write", "realms"), Step("again")])
@example([*_SETTLED, Step("upload", "changed", 9), Step("again"), Step("undo"), Step("again"), Step("again")])
async def test_a_known_upload_leaves_the_rows_and_says_the_words_of_a_look_at_all_of_it(
    pool: Pool, story: list[Step]
) -> None:
    assert await _told(pool, story, forgets=False) == await _told(pool, story, forgets=True)


async def _told(pool: Pool, story: Sequence[Step], *, forgets: bool) -> list[Any]:
    """What a fresh guild knows, and what is said of each upload; with `forgets`, each upload is looked at in full."""
    await empty(pool)
    async with pool.connection() as conn:
        await conn.execute("delete from common.realms")
    guild = await _small_guild(pool)
    told: list[Any] = []
    last, clock = Step("upload", "usual"), 0
    for step in story:
        match step.kind:
            case "write":
                await guild.execute(_WRITES[step.what])
            case "undo":
                told.append(await _undo_last(guild))
            case "restart":
                UPLOADS.forget()
            case _:
                if forgets:
                    UPLOADS.forget()
                # An upload that comes again is made an hour later; others are of any time, and so may be older.
                clock = clock + 1 if step.kind == "again" else step.hours
                last = last if step.kind == "again" else step
                told.append(await _upload(guild, last, _START + timedelta(hours=clock)))
        told.append(await _known(guild))
    return told


async def _small_guild(pool: Pool) -> GuildBuilder:
    guild = await GuildBuilder.create(pool)
    await guild.main("Elrek")
    mito = await guild.main("Mito")
    await guild.character("Zoe")
    await guild.alt("Altrek", "Mito", mito)
    return guild


async def _upload(guild: GuildBuilder, upload: Step, made_at: datetime) -> Any:
    origin = ExportOrigin("Another Guild", None, None) if upload.kind == "foreign" else None
    try:
        report = await run_addon_sync(
            guild.pool,
            _EXPORTS[upload.what],
            guild_id=guild.guild_id,
            sources=Sources(),
            exported_at=made_at,
            origin=origin,
        )
    except BadInput as error:
        return str(error), error.problems
    return report.status, [(step.name, step.counts, step.notices, step.error) for step in report.steps]


async def _undo_last(guild: GuildBuilder) -> str:
    attempts = await guild.rows(
        "select id from guild_identity.fix_attempts where undone_at is null order by id desc limit 1"
    )
    try:
        for (attempt,) in attempts:
            await undo(guild.pool, attempt, actor="officer", guild_id=guild.guild_id)
    except PattError as error:
        return type(error).__name__
    return f"{len(attempts)} undone"


async def _known(guild: GuildBuilder) -> list[Any]:
    """All that uploads write, by names."""
    return [
        await guild.rows(
            "select c.character_name, c.guild_note, c.officer_note, c.note_key, c.settled_rank_index, c.removed_at is null, "
            "f.guild_note_as_of, f.officer_note_as_of, f.settled_rank_as_of, p.display_name, l.basis_note "
            "from guild_identity.wow_characters c "
            "join guild_identity.addon_facts f on f.character_id = c.id "
            "left join guild_identity.player_characters l on l.character_id = c.id "
            "left join guild_identity.players p on p.id = l.player_id order by 1"
        ),
        await guild.rows(
            "select wow_rank_index, r.name, name_in_game, greatest(name_as_of, e.as_of) from common.guild_ranks r "
            "left join guild_identity.last_exports e on e.rank_names @> r.wow_rank_index::bigint order by 1"
        ),
        await guild.rows("select as_of from guild_identity.last_exports"),
        await guild.rows(
            "select issue_type, summary, resolved_at is null from guild_identity.audit_issues order by issue_type, summary"
        ),
    ]
