"""What an undo would change back, and why it cannot. That it leaves no trace is a law."""

from __future__ import annotations

import json

import pytest

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, GuildBuilder
from sv_common.guild_sync.core.errors import PlanStale, Refused
from sv_common.guild_sync.engine.undo_preview import UndoPreview
from sv_common.guild_sync.identity.decisions import (
    AddAlias,
    LinkCharacter,
    ManualDecision,
    RejectLink,
    RemoveAlias,
    SetMain,
    UnlinkCharacter,
)
from sv_common.guild_sync.identity_engine import apply_decision
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.mitigations import fix_one, preview_undo, undo

ALICE, BOB = "officer alice", "officer bob"


@pytest.fixture
async def known(guild: GuildBuilder) -> GuildBuilder:
    """Mito with the alias Mitzi, Elrek with the alt Grimalt, and Loner, whom nobody has."""
    await guild.alias(await guild.main("Mito"), "Mitzi")
    await guild.alt("Grimalt", "Robin", await guild.main("Elrek"))
    await guild.character("Loner", "Robin's alt")
    return guild


async def _decide(guild: GuildBuilder, decision: ManualDecision, actor: str = ALICE) -> int:
    report = await apply_decision(guild.pool, decision, actor=actor)
    assert report.attempt_id is not None
    return report.attempt_id


def _lines(preview: UndoPreview) -> list[tuple[str, str, str]]:
    return [(effect.what, effect.before, effect.after) for effect in preview.effects]


DECISIONS: list[tuple[ManualDecision, list[tuple[str, str, str]]]] = [
    (LinkCharacter("Loner", "Mito"), [("Player of Loner-area-52", "Mito, decided by an officer", "no one")]),
    (
        LinkCharacter("Grimalt", "Mito"),
        [("Player of Grimalt-area-52", "Mito, decided by an officer", "Elrek, by evidence")],
    ),
    (
        UnlinkCharacter("Mito"),
        [
            ("Player of Mito-area-52", "no one", "Mito, by evidence"),
            ("Main of Mito", "none", "Mito-area-52"),
            ("Whether Mito-area-52 may be Mito’s", "only if an officer links them", "by evidence"),
        ],
    ),
    (
        RejectLink("Loner", "Mito", "another one"),
        [("Whether Loner-area-52 may be Mito’s", "never: another one", "by evidence")],
    ),
    (SetMain("Grimalt"), [("Main of Elrek", "Grimalt-area-52", "Elrek-area-52")]),
    (AddAlias("Robin", "Elrek"), [("Alias “Robin”", "Elrek", "none")]),
    (RemoveAlias("Mitzi"), [("Alias “Mitzi”", "none", "Mito")]),
]


@pytest.mark.parametrize(("decision", "lines"), DECISIONS, ids=lambda each: type(each).__name__)
async def test_an_undo_is_told_before_and_after(
    known: GuildBuilder, decision: ManualDecision, lines: list[tuple[str, str, str]]
) -> None:
    attempt = await _decide(known, decision)
    preview = await preview_undo(known.pool, attempt)
    assert (_lines(preview), preview.obstacle) == (lines, None)
    await undo(known.pool, attempt, actor=BOB)


async def test_a_new_player_would_go_again_with_its_links(guild: GuildBuilder) -> None:
    await guild.member("Stormy", roles=[ROLE_OF_RANK[RAIDER]])
    await guild.character("Stormy")
    await run_integrity_check(guild.pool)
    ((issue,),) = await guild.rows("select id from guild_identity.audit_issues where issue_type = 'orphan_discord'")
    done = await fix_one(guild.pool, issue, actor=ALICE)
    assert done.attempt_id is not None
    preview = await preview_undo(guild.pool, done.attempt_id)
    assert _lines(preview) == [
        ("The player Stormy", "exists", "does not exist"),
        ("Player of Stormy-area-52", "Stormy, decided by an officer", "no one"),
    ]
    assert preview.seen.move_id > 0


async def test_what_cannot_be_undone_says_who_changed_what_since(known: GuildBuilder) -> None:
    first = await _decide(known, LinkCharacter("Loner", "Mito"))
    second = await _decide(known, LinkCharacter("Loner", "Elrek"), actor=BOB)
    preview = await preview_undo(known.pool, first)
    assert (preview.obstacle or "").startswith("bob moved Loner-area-52 from Mito to Elrek on ")
    assert (preview.obstacle or "").endswith(". Undo that first, or undo both.")
    assert [(action.attempt_id, action.actor, action.reason) for action in preview.later] == [
        (second, BOB, "Loner-area-52 belongs to Elrek.")
    ]
    with pytest.raises(PlanStale) as refusal:
        await undo(known.pool, first, actor=ALICE)
    assert str(refusal.value) == preview.obstacle
    await undo(known.pool, second, actor=BOB)
    assert (await preview_undo(known.pool, first)).obstacle is None


async def test_what_was_undone_already_says_by_whom(known: GuildBuilder) -> None:
    attempt = await _decide(known, LinkCharacter("Loner", "Mito"))
    await undo(known.pool, attempt, actor=BOB)
    preview = await preview_undo(known.pool, attempt)
    assert "was undone already, by bob" in (preview.obstacle or "")
    with pytest.raises(Refused):
        await undo(known.pool, attempt, actor=ALICE)


async def test_without_a_bot_the_preview_of_a_role_says_what_is_missing(guild: GuildBuilder) -> None:
    await guild.main("Promoted", rank=OFFICER, roles=[ROLE_OF_RANK[RAIDER]])
    ((member,),) = await guild.rows("select id from guild_identity.discord_users")
    change = {"table": "role", "id": member, "before": {"role_id": "101", "held": False}}
    changes = json.dumps([{**change, "after": {"role_id": "101", "held": True}}])
    await guild.execute(
        "insert into guild_identity.fix_attempts (guild_id, issue_type, actor, is_automatic, outcome, reason, plan, changes, "
        "duration_ms) values (%(guild)s, 'role_mismatch', 'bob', false, 'fixed', 'x', "
        """'[{"about": [{"role": "101", "name": "Officer"}]}]', %(changes)s::jsonb, 1)""",
        {"changes": changes},
    )
    ((attempt,),) = await guild.rows("select id from guild_identity.fix_attempts")
    preview = await preview_undo(guild.pool, attempt)
    assert _lines(preview) == [("Discord role Officer of Promoted#discord", "has it", "does not have it")]
    assert "No Discord bot is set up" in (preview.obstacle or "")
