"""The keys of the pages, as the list under the question mark names them; `static/keys.js` presses what has them."""

from __future__ import annotations

KEYBOARD = (
    (
        "Move",
        (
            ("j", "Next question"),
            ("k", "Previous question"),
            ("/", "Find everything, also Ctrl K"),
            ("g i", "Go to the Inbox; g q Data Quality, g p People, g m Map, g l Log"),
            ("?", "This list"),
        ),
    ),
    (
        "Decide",
        (
            ("1 – 9", "Choose that answer"),
            ("f", "Fix what is ready"),
            ("a", "Ask: a message to copy"),
            ("s", "Snooze, then a number"),
            ("d", "Dismiss, then a number"),
            ("u", "Undo the last decision"),
        ),
    ),
    ("Several", (("x", "Select"), ("Shift x", "Select up to here"), ("Esc", "Clear, or close"))),
)
"""Groups of keys; keys that are pressed one after the other stand beside each other."""
