"""The keys of the pages, as the list under the question mark names them; `static/keys.js` presses what has them."""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark, tr

_KEYS = (
    (
        mark("Move"),
        (
            ("j", mark("Next question")),
            ("k", mark("Previous question")),
            ("/", mark("Find everything, also Ctrl K")),
            ("g i", mark("Go to the Inbox; g q Data Quality, g p People, g m Map, g l Log")),
            ("?", mark("This list")),
        ),
    ),
    (
        mark("Decide"),
        (
            ("1 – 9", mark("Choose that answer")),
            ("f", mark("Fix what is ready")),
            ("a", mark("Ask: a message to copy")),
            ("s", mark("Snooze, then a number")),
            ("d", mark("Dismiss, then a number")),
            ("u", mark("Undo the last decision")),
        ),
    ),
    (
        mark("Several"),
        (
            ("x", mark("Select")),
            ("Shift x", mark("Select up to here")),
            ("Esc", mark("Clear, or close")),
        ),
    ),
)


def keyboard() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return groups of keys; keys that are pressed one after the other stand beside each other."""
    return [(tr(title), [(keys, tr(about)) for keys, about in group]) for title, group in _KEYS]
