"""The last change of an issue, a player, a character or an officer: who did what and when, and how to undo it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from psycopg.types.json import Jsonb
from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.attempts import PastAttempt
from sv_common.guild_sync.changes.past import Subject, done_in_words, is_about_others, with_more
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.core.undo_offer import UndoOffer, undo_of_attempts, undo_of_events, undo_of_setting
from sv_common.guild_sync.issues.model import Issue

SQL = load_sql(__package__, "last_change.sql")
DISMISSED = "dismissed"
"""The event of a dismissal; the other one that an officer can undo is a reopening."""


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last change that stands."""

    who: Annotated[str, Field(description="Who made it, for people: an officer by the name alone.", examples=["alice"])]
    at: datetime
    what: Annotated[str, Field(description="What it was.", examples=["linked Grimalt-Area 52 to Mito"])]
    undo: Annotated[UndoOffer | None, Field(description="How to undo it.")]
    attempt_id: Annotated[int | None, Field(description="The attempt, if it was one.")] = None
    is_about_others: Annotated[
        bool, Field(description="Whether its undo would change others too: preview it by the attempt first.")
    ] = False


def last_attempt(found: Sequence[PastAttempt], subject: Subject) -> LastChange | None:
    """Return the newest of these attempts that changed something and stands; they come newest first."""
    return next((_of_attempt(each, subject) for each in found if each.is_undoable), None)


async def last_change_of_issue(guild: GuildConnection, issue: Issue) -> LastChange | None:
    """Return the last thing that somebody did about an issue or its subject, in two statements."""
    subject = _subject_of(issue)
    values = {"issue_id": issue.id, "about": Jsonb([{"about": [{subject.kind: subject.id}]}])}
    attempt = await guild.one(PastAttempt, SQL["attempt"], **values)
    word = await guild.one(dict[str, Any], SQL["word"], issue_id=issue.id)
    if word is not None and (attempt is None or word["at"] > attempt.started_at):
        return LastChange(name_of(word["actor"]), word["at"], _said_of_it(word["event"]), undo_of_events([word["id"]]))
    return _of_attempt(attempt, subject) if attempt is not None else None


async def last_change_of(guild: GuildConnection, actor: str) -> LastChange | None:
    """Return what somebody did last that can be undone: all that was done in one go."""
    attempts = await guild.all(dict[str, Any], SQL["attempts_of_actor"], actor=actor)
    words = await guild.all(dict[str, Any], SQL["words_of_actor"], actor=actor)
    setting = await guild.one(dict[str, Any], SQL["setting_of_actor"], actor=actor)
    found: list[LastChange] = []
    if attempts:
        offer = undo_of_attempts([each["id"] for each in attempts])
        first = attempts[0]
        done = tr("ran a full match") if first["issue_type"] == "full_match" else done_in_words(first["plan"])
        what = with_more(done or tr("fixed it"), len(attempts) - 1)
        number = first["id"] if len(attempts) == 1 else None
        found.append(LastChange(name_of(actor), first["started_at"], what, offer, number))
    if words:
        offer = undo_of_events([each["id"] for each in words])
        found.append(LastChange(name_of(actor), words[0]["at"], _said_of(words), offer))
    if setting:
        offer = undo_of_setting(setting["id"])
        found.append(
            LastChange(
                name_of(actor), setting["at"], tr("changed a setting: {sentence}", sentence=setting["sentence"]), offer
            )
        )
    return max(found, key=lambda each: each.at, default=None)


def _said_of_it(event: str) -> str:
    return tr("dismissed it") if event == DISMISSED else tr("reopened it")


def _said_of(words: Sequence[dict[str, Any]]) -> str:
    first, count = words[0], len(words)
    is_dismissed = first["event"] == DISMISSED
    if count > 1:
        return (
            tr_n("dismissed {n} issue", "dismissed {n} issues", count)
            if is_dismissed
            else tr_n("reopened {n} issue", "reopened {n} issues", count)
        )
    issue = first["summary"]
    return tr("dismissed “{issue}”", issue=issue) if is_dismissed else tr("reopened “{issue}”", issue=issue)


def _subject_of(issue: Issue) -> Subject:
    if issue.wow_character_id is not None:
        return Subject("character", issue.wow_character_id)
    if issue.discord_member_id is not None:
        return Subject("member", issue.discord_member_id)
    return Subject("player", issue.player_id or 0)


def _of_attempt(attempt: PastAttempt, subject: Subject) -> LastChange:
    return LastChange(
        name_of(attempt.actor),
        attempt.started_at,
        done_in_words(attempt.plan, subject) or tr("changed it"),
        undo_of_attempts([attempt.id]),
        attempt.id,
        is_about_others(attempt.plan, subject),
    )
