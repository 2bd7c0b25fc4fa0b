"""How the command line tells why an issue is there, how a fix or a pipeline ended, and what an undo would change."""

from __future__ import annotations

from rich.markup import escape

from patt.cli.output import out, say, table
from sv_common.guild_sync.domain.report import FixOutcome, FixResult, PipelineReport
from sv_common.guild_sync.domain.story import Possibility
from sv_common.guild_sync.fixes.undo_preview import UndoPreview
from sv_common.guild_sync.issue_story import IssueStory

OUTCOME_WORDS = {
    FixOutcome.FIXED: "[green]fixed[/]",
    FixOutcome.REFUSED: "[yellow]not done[/]",
    FixOutcome.WAITING: "[yellow]waits[/]",
    FixOutcome.HELD: "[yellow]held[/]",
    FixOutcome.FAILED: "[red]failed[/]",
    FixOutcome.UNVERIFIED: "[yellow]not verified[/]",
    FixOutcome.NOTHING_TO_DO: "nothing to do",
}
_UNDOABLE = frozenset({FixOutcome.FIXED, FixOutcome.UNVERIFIED})


def tell_story(told: IssueStory) -> None:
    """Print what each source says, what does not fit, and who could be meant."""
    if told.story is None:
        return
    for saying in told.story.sayings:
        say(f"  {saying.source}: {saying.sentence}")
    if told.is_still_so:
        say(f"  So: {told.story.conclusion}")
    elif told.doubt:
        say(f"  {told.doubt}")
    for sentence in told.changed:
        say(f"  {sentence}")
    for each in told.possibilities:
        _tell_possibility(each)
    if told.fix is not None and told.fix.remedy:
        say(f"  {told.fix.remedy}")


def tell_undo(preview: UndoPreview) -> None:
    """Print what would change back, or why it cannot."""
    if preview.obstacle is not None:
        say(f"It cannot be undone: {preview.obstacle}")
        for deed in preview.later:
            say(f"  Since then, {deed.actor} (attempt {deed.attempt_id}, {deed.at:%Y-%m-%d %H:%M}): {deed.reason}")
        if not preview.parts:
            return
        say(f"It can be undone for {preview.parts} of the people, with --partly. The others:")
        for each in preview.blocked:
            say(f"  {each.people}: {each.reason}")
        if preview.blocked_total > len(preview.blocked):
            say(f"  And {preview.blocked_total - len(preview.blocked)} more.")
    rows = [(effect.what, effect.before, effect.after) for effect in preview.effects]
    table("what", "now", "then", rows=rows)
    if preview.total > len(preview.effects):
        say(f"And {preview.total - len(preview.effects)} more lines.")


def _tell_possibility(each: Possibility) -> None:
    marks = [
        word
        for word, is_so in (
            ("the fix takes this one", each.is_decided),
            ("linked now", each.is_linked),
            ("ruled out", each.is_rejected),
        )
        if is_so
    ]
    marked = f" ({', '.join(marks)})" if marks else ""
    say(f"  Could be {each.kind} {each.id}, {each.label}{marked}")
    for sentence in each.speaks_for:
        say(f"    + {sentence}")
    for sentence in each.speaks_against:
        say(f"    - {sentence}")


def say_result(result: FixResult) -> None:
    """Print how one fix ended."""
    undo = f" (undo: patt undo {result.attempt_id})" if result.outcome in _UNDOABLE and result.attempt_id else ""
    out.print(
        f"Issue {result.issue_id}: {OUTCOME_WORDS[result.outcome]}. {escape(result.reason)}{undo}", soft_wrap=True
    )
    for step in result.plan.steps if result.plan and result.outcome is FixOutcome.FIXED else ():
        out.print(escape(f"  {step.describe()}"), soft_wrap=True)


def say_pipeline(report: PipelineReport) -> None:
    """Print what each step of a pipeline did, and what an officer should read."""
    for step in report.steps:
        counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in step.counts.items() if count)
        say(f"{step.name}: {counts or 'nothing new'}")
        for notice in step.notices:
            out.print(f"  [yellow]![/] {escape(notice)}", soft_wrap=True)
        if step.error:
            out.print(f"  [red]{escape(step.error)}[/]", soft_wrap=True)
