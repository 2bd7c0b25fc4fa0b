"""Issues, previews of undos, results of fixes and of a full match, as the command line says them."""

from __future__ import annotations

from rich.markup import escape

from patt.cli.output import out, say, table
from patt.cli.speech.words import word
from sv_common.guild_sync.core.kept_texts import told as told_reason
from sv_common.guild_sync.core.language import day_and_time, mark, number, tr, tr_n
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.engine.undo_preview import UndoPreview
from sv_common.guild_sync.engine.undoing.blockers import sentence_of
from sv_common.guild_sync.identity_engine import MatchReport
from sv_common.guild_sync.insights.findings import IssueView
from sv_common.guild_sync.insights.issue import IssueDetails
from sv_common.guild_sync.issues.explanation import WeighedCandidate
from sv_common.guild_sync.issues.model import severity_in_words, state_in_words

OUTCOME_WORDS = {
    FixOutcome.FIXED: ("green", mark("fixed")),
    FixOutcome.REFUSED: ("yellow", mark("not done")),
    FixOutcome.WAITING: ("yellow", mark("waiting")),
    FixOutcome.HELD: ("yellow", mark("needs review")),
    FixOutcome.FAILED: ("red", mark("failed")),
    FixOutcome.UNVERIFIED: ("yellow", mark("not verified")),
    FixOutcome.NOTHING_TO_DO: ("", mark("nothing to do")),
}
"""Of each outcome its color and its words."""

_UNDOABLE = (FixOutcome.FIXED, FixOutcome.UNVERIFIED)


def say_issue(view: IssueView, details: IssueDetails) -> None:
    found = view.issue
    say(
        tr(
            "Issue {issue}, {rule}, {severity}, {state}: {summary}",
            issue=found.id,
            rule=found.issue_type,
            severity=severity_in_words(found.severity),
            state=state_in_words(found.state),
            summary=found.summary,
        )
    )
    _say_explanation(details)
    if found.review_reason:
        say("  " + tr("Needs review: {reason}", reason=found.review_reason))
    for event in view.events:
        who = tr("{event} by {actor}", event=word(event.event), actor=name_of(event.actor))
        said = f": {told_reason(event.reason, event.actor)}" if event.reason else ""
        say(f"  {day_and_time(event.at)} {who}{said}")
    for attempt in view.attempts:
        told = tr(
            "Attempt {attempt} by {actor}: {outcome}. {reason}",
            attempt=attempt.id,
            actor=name_of(attempt.actor),
            outcome=word(attempt.outcome),
            reason=attempt.reason,
        )
        undone = "; " + tr("undone by {actor}", actor=name_of(attempt.undone_by)) if attempt.undone_by else ""
        undone += f": {attempt.undone_reason}" if attempt.undone_by and attempt.undone_reason else ""
        say(f"  {told}{undone}")


def _say_explanation(shown: IssueDetails) -> None:
    if shown.explanation is None:
        return
    for each in shown.explanation.evidence:
        say(f"  {word(each.source)}: {each.sentence}")
    if shown.is_found:
        say(f"  {shown.explanation.conclusion}")
    elif shown.doubt:
        say(f"  {shown.doubt}")
    for sentence in shown.changed:
        say(f"  {sentence}")
    for candidate in shown.candidates:
        _say_candidate(candidate)
    if shown.fix is not None and shown.fix.remedy:
        say(f"  {shown.fix.remedy}")


def _say_candidate(each: WeighedCandidate) -> None:
    states = {
        tr("the fix uses this one"): each.is_decided,
        tr("linked now"): each.is_linked,
        tr("ruled out"): each.is_rejected,
    }
    marks = ", ".join(said for said, holds in states.items() if holds) or word(each.strength)
    label = f"{word(each.kind)} {each.id}, {each.label} ({marks})"
    say("  " + tr("Candidate: {candidate}", candidate=label))
    for sentence in each.speaks_for:
        say(f"    + {sentence}")
    for sentence in each.speaks_against:
        say(f"    - {sentence}")


def say_undo(preview: UndoPreview) -> None:
    if preview.needs_reason is not None:
        say(f"{preview.needs_reason} {tr('A reason is needed to undo that.')}")
    if preview.obstacle is not None:
        say(tr("This cannot be undone: {obstacle}", obstacle=preview.obstacle))
        for action in preview.later:
            since = tr("Since then, attempt {attempt}: {sentence}", attempt=action.attempt_id, sentence=action.sentence)
            say(f"  {since}")
        if preview.together is not None:
            say(
                tr("With --with-later you undo both at once:")
                if len(preview.together.attempts) == 2
                else tr("With --with-later you undo all {n} at once:", n=number(len(preview.together.attempts)))
            )
            for later in preview.together.attempts:
                say("  " + tr("Attempt {attempt}: {deed}", attempt=later.id, deed=sentence_of(later)))
            rows = [(effect.what, effect.before, effect.after) for effect in preview.together.effects]
            table(tr("what"), tr("now"), tr("then"), rows=rows)
        if not preview.parts:
            return
        say(
            tr_n(
                "With --partly it can be undone for {n} person. The others:",
                "With --partly it can be undone for {n} people. The others:",
                preview.parts,
            )
        )
        for each in preview.blocked:
            say(f"  {each.people}: {each.reason}")
        if preview.blocked_total > len(preview.blocked):
            more = preview.blocked_total - len(preview.blocked)
            say("  " + tr_n("And {n} more.", "And {n} more.", more))
    table(
        tr("what"),
        tr("now"),
        tr("then"),
        rows=[(effect.what, effect.before, effect.after) for effect in preview.effects],
    )
    if preview.total > len(preview.effects):
        say(tr_n("And {n} more line.", "And {n} more lines.", preview.total - len(preview.effects)))


def say_result(result: FixResult) -> None:
    color, words = OUTCOME_WORDS[result.outcome]
    outcome = f"[{color}]{escape(tr(words))}[/]" if color else escape(tr(words))
    told = tr(
        "Issue {issue}: {outcome}. {reason}", issue=result.issue_id, outcome=outcome, reason=escape(result.reason)
    )
    if result.outcome in _UNDOABLE and result.attempt_id:
        told += " " + tr("(undo: patt undo {attempt})", attempt=result.attempt_id)
    out.print(told, soft_wrap=True)
    for sentence in result.steps if result.outcome is FixOutcome.FIXED else ():
        say(f"  {sentence}")


def say_match(report: MatchReport, *, is_preview: bool) -> None:
    for group in report.groups:
        say(f"{group.name}: {group.reason}")
        for sentence in group.steps:
            say(f"  {sentence}")
    for group in report.left_alone:
        say(tr("Not matched, {name}: {reason}", name=group.name, reason=group.reason))
    players, characters = report.counts["players_created"], report.counts["characters_linked"]
    if is_preview:
        created = tr_n("{n} player would be created", "{n} players would be created", players)
        linked = tr_n("{n} character would be linked", "{n} characters would be linked", characters)
    else:
        created = tr_n("{n} player was created", "{n} players were created", players)
        linked = tr_n("{n} character was linked", "{n} characters were linked", characters)
    say(f"{created}, {linked}.")
    if report.attempt_id is not None:
        say(tr("To undo all of it: patt undo {attempt}", attempt=report.attempt_id))
