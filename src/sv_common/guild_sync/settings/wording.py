"""What a change of the settings does to issues, in words."""

from __future__ import annotations

from sv_common.guild_sync.core.language import tr, tr_n


def would_do(opens: int, resolves: int, fixed: int) -> str:
    """Say how many issues a change would open, resolve and fix."""
    told = (
        tr_n("This would open {n} issue.", "This would open {n} issues.", opens) if opens else "",
        tr_n("This would resolve {n} issue.", "This would resolve {n} issues.", resolves) if resolves else "",
        tr_n("{n} issue would be fixed.", "{n} issues would be fixed.", fixed) if fixed else "",
    )
    return " ".join(filter(None, told)) or tr("No issue would open or be resolved.")


def has_done(opened: int, resolved: int, fixed: int) -> str:
    """Say how many issues a change that was saved has opened, resolved and fixed."""
    told = (
        tr_n("It opened {n} issue.", "It opened {n} issues.", opened) if opened else "",
        tr_n("It resolved {n} issue.", "It resolved {n} issues.", resolved) if resolved else "",
        tr_n("It fixed {n} issue.", "It fixed {n} issues.", fixed) if fixed else "",
    )
    return f"{tr('Saved.')} {' '.join(filter(None, told)) or tr('No issue opened or was resolved.')}"
