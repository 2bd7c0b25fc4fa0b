"""Reasons of issues' moves in words. Those that the program itself gives are kept in English, whatever the guild's language. Pure."""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark, tr

_OWN = (
    mark("No longer found."),
    mark("The character or member has left."),
    mark("The dismissal has ended."),
    mark("Undone."),
)


def told(reason: str, actor: str | None) -> str:
    """Return a reason as it is shown; what a person wrote stays as it is."""
    if reason == f"Fixed by {actor}.":
        return tr("Fixed by {who}.", who=actor)
    return tr(reason) if reason in _OWN else reason
