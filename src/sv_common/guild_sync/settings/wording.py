"""What a change of the settings does to issues, in one sentence."""

from __future__ import annotations

from sv_common.guild_sync.core.language import number, tr, tr_n


def would_do(opens: int, resolves: int, fixed: int) -> str:
    """Say how many issues a change would open, resolve and fix."""
    more = number(fixed)
    match opens > 0, resolves > 0, fixed > 0:
        case False, False, False:
            return tr("No issue would open or be resolved.")
        case False, False, True:
            return tr_n("{n} issue would be fixed.", "{n} issues would be fixed.", fixed)
        case True, False, False:
            return tr_n("This would open {n} issue.", "This would open {n} issues.", opens)
        case False, True, False:
            return tr_n("This would resolve {n} issue.", "This would resolve {n} issues.", resolves)
        case True, True, False:
            return tr_n(
                "This would open {n} issue and resolve {resolved}.",
                "This would open {n} issues and resolve {resolved}.",
                opens,
                resolved=number(resolves),
            )
        case True, False, True:
            return tr_n(
                "This would open {n} issue, and fix {fixed} more.",
                "This would open {n} issues, and fix {fixed} more.",
                opens,
                fixed=more,
            )
        case False, True, True:
            return tr_n(
                "This would resolve {n} issue, and fix {fixed} more.",
                "This would resolve {n} issues, and fix {fixed} more.",
                resolves,
                fixed=more,
            )
    return tr_n(
        "This would open {n} issue and resolve {resolved}, and fix {fixed} more.",
        "This would open {n} issues and resolve {resolved}, and fix {fixed} more.",
        opens,
        resolved=number(resolves),
        fixed=more,
    )


def has_done(opened: int, resolved: int, fixed: int) -> str:
    """Say how many issues a change that was saved has opened, resolved and fixed."""
    more = number(fixed)
    match opened > 0, resolved > 0, fixed > 0:
        case False, False, False:
            return tr("Saved. No issue opened or was resolved.")
        case False, False, True:
            return tr_n("Saved. It fixed {n} issue.", "Saved. It fixed {n} issues.", fixed)
        case True, False, False:
            return tr_n("Saved. It opened {n} issue.", "Saved. It opened {n} issues.", opened)
        case False, True, False:
            return tr_n("Saved. It resolved {n} issue.", "Saved. It resolved {n} issues.", resolved)
        case True, True, False:
            return tr_n(
                "Saved. It opened {n} issue and resolved {resolved}.",
                "Saved. It opened {n} issues and resolved {resolved}.",
                opened,
                resolved=number(resolved),
            )
        case True, False, True:
            return tr_n(
                "Saved. It opened {n} issue, and fixed {fixed} more.",
                "Saved. It opened {n} issues, and fixed {fixed} more.",
                opened,
                fixed=more,
            )
        case False, True, True:
            return tr_n(
                "Saved. It resolved {n} issue, and fixed {fixed} more.",
                "Saved. It resolved {n} issues, and fixed {fixed} more.",
                resolved,
                fixed=more,
            )
    return tr_n(
        "Saved. It opened {n} issue and resolved {resolved}, and fixed {fixed} more.",
        "Saved. It opened {n} issues and resolved {resolved}, and fixed {fixed} more.",
        opened,
        resolved=number(resolved),
        fixed=more,
    )
