"""What a change of the settings does to issues, in words."""

from __future__ import annotations

from sv_common.guild_sync.core.language import tr, tr_n


def would_do(opens: int, resolves: int, fixed: int) -> str:
    """Say how many issues a change would open, resolve and fix."""
    told = (
        opens and tr_n("This would open {n} issue.", "This would open {n} issues.", opens),
        resolves and tr_n("This would resolve {n} issue.", "This would resolve {n} issues.", resolves),
        fixed and tr_n("{n} issue would be fixed.", "{n} issues would be fixed.", fixed),
    )
    return " ".join(each for each in told if each) or tr("No issue would open or be resolved.")


def has_done(opened: int, resolved: int, fixed: int) -> str:
    """Say how many issues a change that was saved has opened, resolved and fixed."""
    told = (
        opened and tr_n("It opened {n} issue.", "It opened {n} issues.", opened),
        resolved and tr_n("It resolved {n} issue.", "It resolved {n} issues.", resolved),
        fixed and tr_n("It fixed {n} issue.", "It fixed {n} issues.", fixed),
    )
    done = " ".join(each for each in told if each) or tr("No issue opened or was resolved.")
    return f"{tr('Saved.')} {done}"
