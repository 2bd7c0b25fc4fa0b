"""A client in which public notes can be written, with the traps of that: clicks, ranks, silence, cuts and refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Literal, NamedTuple

from addon.client import LOGIN_TIME, Client, Member
from patt.companion.addon_file import EMPTY, FILE_NAME, lua_of
from patt.companion.proposals import Note, Proposed

LONGEST_NOTE = 31
TAKES = 0.5
"""Seconds until the server has taken a note, and tells it."""


class Row(NamedTuple):
    """A row of the window as the player sees it: what changes, why, what is said of it, and its button."""

    change: str
    reason: str
    message: str
    button: str


def proposed(name: str = "Opala", note: str = "", wanted: str = "alt of Robin", **fields: Any) -> Note:
    told = {"realms": ("Area 52",), "reason": "The note is empty.", "lost": "", **fields}
    return Note(name=name, note=note, proposed=wanted, **told)


def file_of(
    *notes: Note, guild: str = "Kin of Dawn", region: int = 3, realm: str = "Area 52", days: float = 0
) -> bytes:
    """Write the companion's file, so many days before the player logs in."""
    return lua_of(Proposed(guild, (realm, "area-52x"), region, notes), int(LOGIN_TIME - days * 86400))


@dataclass(eq=False)
class NotingClient(Client):
    """A client with the companion's `file`. `writes` are the notes that it was asked to write.

    `does` says what becomes of a note: the server takes it, stays silent or keeps the beginning, or the client forbids the
    addon to ask, or fails.
    """

    _: KW_ONLY
    file: bytes = EMPTY
    may_edit: Any = True
    does: Literal["take", "nothing", "cut", "forbid", "fail"] = "take"
    by_index: bool = False
    writes: list[tuple[str, str]] = field(default_factory=list)

    def open(self) -> list[Row]:
        """Open the window, let the roster arrive, and give its rows."""
        self.type("/pattsync notes")
        self.advance(20)
        return self.rows

    @property
    def _seen(self) -> list[tuple[Any, str, bool, list[str]]]:
        buttons = [tuple(each.values()) for each in self._hands[0]().values()]
        return [
            (button, (label or b"").decode(), bool(enabled), [text.decode() for text in texts.values()])
            for button, label, enabled, texts in buttons
        ]

    @property
    def rows(self) -> list[Row]:
        """The rows that have a button."""
        seen = self._seen
        return [Row(texts[0], texts[1], texts[2], label) for _, label, _, texts in seen if " becomes " in texts[0]]

    @property
    def status(self) -> str:
        """The line above the list; the window must be open."""
        return next(texts[1] for _, label, _, texts in self._seen if label == "Close")

    @property
    def is_open(self) -> bool:
        return any(label == "Close" for _, label, _, _ in self._seen)

    def press(self, label: str, name: str = "") -> None:
        """Click the one button that says this, in the row of a character or of the window."""
        (button,) = [
            button
            for button, said, enabled, texts in self._seen
            if said == label and enabled and (not name or texts[0].startswith(f"{name}:"))
        ]
        self._hands[1](button)

    def click(self, name: str, label: str = "Write") -> Row | None:
        """Click the button of a character's row, and give the row as it is at once; None where it has no button then."""
        self.press(label, name)
        return next((row for row in self.rows if row.change.startswith(f"{name}:")), None)

    def write(self, name: str, label: str = "Write") -> list[str]:
        """Click, and give what the addon says until it is at rest."""
        before = len(self.chat)
        self.press(label, name)
        self.advance(60)
        return self.chat[before:]

    def note_of(self, name: str) -> str:
        return next(member.note for member in self.members if member.name == name)

    def change(self, name: str, note: str) -> None:
        """Let another officer change a note, without the client telling it yet."""
        self.members = [replace(each, note=note) if each.name == name else each for each in self.members]

    def _source(self, name: str) -> bytes:
        return self.file if name == FILE_NAME else super()._source(name)

    def _functions(self) -> dict[str, Callable[..., Any]]:
        own: dict[str, Callable[..., Any]] = {"C_GuildInfo.CanEditPublicNote": lambda: self.may_edit}
        if self.by_index:
            own = {"CanEditPublicNote": lambda: self.may_edit, "GuildRosterSetPublicNote": self._set_by_index}
        else:
            own["C_GuildInfo.SetNote"] = self._set_by_guid
        return {**super()._functions(), **own}

    def _set_by_guid(self, guid: bytes, note: bytes, is_public: bool) -> None:
        assert is_public is True
        self._write(next(member for member in self.members if member.guid == guid.decode()), note)

    def _set_by_index(self, index: float, note: bytes) -> None:
        self._write(self._listed()[int(index) - 1], note)

    def _write(self, member: Member, note: bytes) -> None:
        assert self._hands[2](), "the game takes a note on a click alone"
        assert not self.in_combat
        self.writes.append((member.name, note.decode()))
        if self.does == "forbid":
            self.fire("ADDON_ACTION_FORBIDDEN", "PATTSync", "SetNote()")
        elif self.does == "fail":
            raise RuntimeError("Usage: SetNote(guid, note, isPublic)")
        elif self.does != "nothing":
            kept = note.decode()[: 5 if self.does == "cut" else LONGEST_NOTE]
            self.after(TAKES, lambda: self._take(member, kept))

    def _take(self, member: Member, note: str) -> None:
        self.members = [
            replace(each, note=note) if each.full_name == member.full_name else each for each in self.members
        ]
        self.announce()
