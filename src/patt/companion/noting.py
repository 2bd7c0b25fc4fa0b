"""Bringing the proposed notes into the game's folders: at the pace of the contacts, and out again when the key may not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from patt.companion.addon_file import (
    Told,
    addon_folders,
    clear_everywhere,
    fault_of,
    knows_of_proposals,
    write_proposed,
)
from patt.companion.files import label_of_folder
from patt.companion.proposals import Answer, Forbidden, New, Proposed, Same
from patt.companion.server import Contact
from sv_common.guild_sync.core.language import tr, tr_n

Fetch: TypeAlias = Callable[[str | None], Awaitable[Answer]]


class Noting:
    """Keeps the file of every found addon as the server says."""

    def __init__(self, folders: Callable[[], Iterable[Path]], fetch: Fetch) -> None:
        self._folders, self._fetch = folders, fetch
        self._known: tuple[Proposed, str] | None = None
        self._faults: frozenset[Told] = frozenset()

    async def renew(self, known: Contact) -> list[Told]:
        """Fetch what the key may fetch, and write it; return sentences about what is new.

        A server that is away says nothing about what was fetched before.
        """
        if known.is_rejected or (known.is_accepted and not known.may_fetch_notes):
            return self.clear()
        if not known.is_accepted:
            return []
        answer = await self._fetch(self._known[1] if self._known else None)
        match answer:
            case Forbidden():
                return self.clear()
            case New(proposed, tag, at):
                self._known = proposed, tag
                return self._write(proposed, at)
            case Same(at) if self._known:
                return self._write(self._known[0], at)
        return []

    def clear(self) -> list[Told]:
        """Take the notes out of the game's folders; return sentences about where they were."""
        self._known = None
        return list(clear_everywhere(self._folders()))

    def _write(self, proposed: Proposed, at: int) -> list[Told]:
        news: list[Told] = []
        faults: list[Told] = []
        for folder in (each for game in self._folders() for each in addon_folders(game)):
            if not knows_of_proposals(folder):
                faults.append(_too_old(folder))
                continue
            try:
                if write_proposed(folder, proposed, at):
                    news.append(_written(folder, len(proposed.notes)))
            except OSError as error:
                faults.append(fault_of(folder, error))
        return [*news, *self._new(faults)]

    def _new(self, faults: Iterable[Told]) -> Iterator[Told]:
        """Yield the faults that were not there at the last contact."""
        now = frozenset(faults)
        yield from sorted(now - self._faults, key=lambda each: each.sentence)
        self._faults = now


def _too_old(folder: Path) -> Told:
    sentence = tr(
        "The addon in {place} is too old to show the proposed notes. Copy the new one there, and start the game anew.",
        place=label_of_folder(folder),
    )
    return Told(sentence, ok=False)


def _written(folder: Path, count: int) -> Told:
    place = label_of_folder(folder)
    if not count:
        return Told(tr("No guild notes are proposed now ({place}).", place=place))
    sentence = tr_n(
        "{n} guild note is proposed. Type /reload and /pattsync notes in the game ({place}).",
        "{n} guild notes are proposed. Type /reload and /pattsync notes in the game ({place}).",
        count,
        place=place,
    )
    return Told(sentence)
