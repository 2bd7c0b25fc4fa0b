"""Which notes are proposed: of characters whose owner is proven or an officer's word, where the note does not say so.

A proposed note names a character of its player whose link is as sure. It is never one that would be read as anybody else's:
each is read by the same reader as every note of the game, and only what means exactly this player is proposed. Nothing here
holds what an account's evidence says, a BattleTag, a name on Discord, or what a player is called here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sv_common.guild_sync.core.basis import is_confirmed
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.names.name_index import NameIndex
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.verdicts import Verdict
from sv_common.guild_sync.insights.proposed_notes.beside import beside_name, with_beside
from sv_common.guild_sync.insights.proposed_notes.forms import NAME_ALONE, Form, GuildForms, forms_of, is_main
from sv_common.guild_sync.notes import NoteKind
from sv_common.guild_sync.rulebook import note_mismatch

LONGEST_NOTE: Final = 31
"""Letters of a note in the game, whatever their bytes."""


class Why(StrEnum):
    """Why a note is proposed."""

    EMPTY = "empty"
    SAYS_NO_OWNER = "says_no_owner"
    NAMES_NOBODY = "names_nobody"
    NAMES_SOMEONE_ELSE = "names_someone_else"


_WHY: Final = {
    Why.EMPTY: mark("The note is empty."),
    Why.SAYS_NO_OWNER: mark("The note does not say whose character this is."),
    Why.NAMES_NOBODY: mark("The note says “{named}”, but no one in the guild has that name."),
    Why.NAMES_SOMEONE_ELSE: mark("The note says “{named}”, and that is someone else."),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A note for a character in place of the one that was seen last. `lost` is what it no longer says, where it does not fit."""

    character: KnownCharacter
    note: str
    proposed: str
    why: Why
    reason: str
    lost: str = ""


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A character whose note should say something else, and why no note is proposed for it."""

    character: KnownCharacter
    reason: str


@dataclass(frozen=True, slots=True)
class Proposals:
    proposed: Sequence[Proposal]
    left_alone: Sequence[LeftAlone]


@dataclass(frozen=True, slots=True)
class _Case:
    character: KnownCharacter
    main: KnownCharacter
    why: Why
    named: str | None
    beside: str

    @property
    def is_of_main(self) -> bool:
        return self.character.id == self.main.id

    @property
    def key(self) -> int:
        return self.character.id

    def texts(self, forms: GuildForms) -> Iterator[tuple[str, str]]:
        """Yield notes to try, the best first, each with what it would lose: what a person wrote counts more than the form."""
        namings = list(dict.fromkeys(self._namings(forms)))
        if self.beside:
            yield from ((with_beside(naming, self.beside), "") for naming in namings)
        if not self.beside or self.why is not Why.SAYS_NO_OWNER:
            yield from ((naming, self.beside) for naming in namings)

    def _namings(self, forms: GuildForms) -> Iterator[str]:
        of_this: Sequence[Form] = (forms.of_mains, NAME_ALONE) if self.is_of_main else forms.of_alts
        realm = "".join(letter for letter in self.main.realm_name or self.main.realm_slug if letter not in " -.")
        for form in of_this:
            yield form.write(self.main.name)
            yield form.write(f"{self.main.name}-{realm}")


def proposals_of(resolver: Resolver, settled: Collection[int] = ()) -> Proposals:
    """Return the notes to propose, by the name of the character. `settled` are characters that officers leave as they are. Pure."""
    facts = resolver.facts
    forms = forms_of(resolver)
    contradicting = {finding.subject_id for finding in note_mismatch.find(resolver)}
    cases: list[_Case] = []
    alone: list[LeftAlone] = []
    for character in facts.characters.values():
        why = _why(resolver, character, forms, contradicting) if _is_sure(resolver, character) else None
        if why is None or character.id in settled:
            continue
        main = _main_of(resolver, character)
        if isinstance(main, str):
            alone.append(LeftAlone(character, main))
        else:
            cases.append(_case(resolver, character, main, why))
    written = _written(resolver, cases, forms)
    proposed = [_proposal(case, *written[case.key]) for case in cases if case.key in written]
    alone += [LeftAlone(case.character, tr(_NO_NOTE_FITS)) for case in cases if case.key not in written]
    return Proposals(
        sorted(proposed, key=lambda each: _order(each.character)),
        sorted(alone, key=lambda each: _order(each.character)),
    )


_NO_NOTE_FITS: Final = mark("No note of 31 letters would be read as its owner alone. Write it in the game.")


def _order(character: KnownCharacter) -> tuple[str, int]:
    return character.label, character.id


def _is_sure(resolver: Resolver, character: KnownCharacter) -> bool:
    """Whether a character in the guild has an owner by proof or an officer’s word."""
    is_owned = character.is_present and character.player_id in resolver.facts.players
    return (
        is_owned and character.id not in resolver.facts.shared and is_confirmed(character.basis, character.confirmed_by)
    )


def _why(
    resolver: Resolver, character: KnownCharacter, forms: GuildForms, contradicting: Collection[int]
) -> Why | None:
    """Return why another note is proposed, or None where the note is as it should be, unsure, or was never seen."""
    if character.note is None:
        return None
    decision = resolver.resolve(character)
    if character.id in contradicting:
        return Why.NAMES_SOMEONE_ELSE if decision.candidates else Why.NAMES_NOBODY
    if is_main(resolver, character):
        return Why.EMPTY if not character.note.strip() and forms.marks_mains else None
    if not character.note.strip():
        return Why.EMPTY
    parsed = decision.parsed
    names_no_one = decision.verdict is Verdict.NOBODY and all(each.only_if_known for each in parsed.mentions)
    says_nothing = names_no_one and not parsed.marks_main
    if says_nothing and parsed.kind in (NoteKind.PROFESSION, NoteKind.MARKER):
        return Why.SAYS_NO_OWNER
    return None


def _main_of(resolver: Resolver, character: KnownCharacter) -> KnownCharacter | str:
    """Return the character that a note may name, or the sentence that says why it may name no one."""
    player = resolver.facts.players[character.player_id or 0]
    main = resolver.facts.characters.get(player.main_character_id or 0)
    if main is None:
        return tr("Its player has no main character. Choose one first.")
    if not main.is_present:
        return tr("The main character of its player, {main}, is not in the guild.", main=main.label)
    if main.id in resolver.facts.shared or not is_confirmed(main.basis, main.confirmed_by):
        return tr(
            "Whose {main} is, the main character of its player, is not confirmed. Confirm that link first.",
            main=main.label,
        )
    return main


def _case(resolver: Resolver, character: KnownCharacter, main: KnownCharacter, why: Why) -> _Case:
    named = resolver.resolve(character).named
    note = character.note or ""
    return _Case(character, main, why, named, beside_name(note, named, resolver.vocabulary))


def _written(resolver: Resolver, cases: Sequence[_Case], forms: GuildForms) -> Mapping[int, tuple[str, str]]:
    """Return for each case the first note that fits and that is read as meant, with what it loses.

    All are tried in one guild at once, round by round, so that the work does not grow with its square.
    """
    waiting = {case.key: (case, case.texts(forms)) for case in cases}
    found: dict[int, tuple[str, str]] = {}
    while waiting:
        tried: dict[int, tuple[str, str]] = {}
        for number, (_, texts) in list(waiting.items()):
            text = next((each for each in texts if _fits(each[0])), None)
            if text is None:
                del waiting[number]
            else:
                tried[number] = text
        reader = _with_notes(resolver, {number: text for number, (text, _) in tried.items()})
        for number, text in tried.items():
            if is_read_as_meant(reader, number):
                found[number] = text
                del waiting[number]
    return found


def _fits(text: str) -> bool:
    """Whether the game takes a text as a note and shows it as it is: a bar begins markup there."""
    return len(text) <= LONGEST_NOTE and text.isprintable() and "|" not in text and text == text.strip()


def _with_notes(resolver: Resolver, notes: Mapping[int, str]) -> Resolver:
    known = resolver.facts.characters
    changed = {number: known[number]._replace(note=note) for number, note in notes.items()}
    facts = replace(resolver.facts, characters={**known, **changed})
    return Resolver(facts, NameIndex.following(facts, resolver.names))


def is_read_as_meant(reader: Resolver, number: int) -> bool:
    """Whether a character's note means its player for certain; of a main, that it means no one else."""
    character = reader.facts.characters[number]
    decision = reader.resolve(character)
    if decision.target is not None:
        return decision.target.person.player_id == character.player_id
    return is_main(reader, character) and decision.verdict is Verdict.NOBODY


def _proposal(case: _Case, text: str, lost: str) -> Proposal:
    why = tr(_WHY[case.why], named=case.named)
    return Proposal(case.character, case.character.note or "", text, case.why, f"{why} {_evidence(case)}", lost)


def _evidence(case: _Case) -> str:
    if case.is_of_main:
        return tr("It is the main character of its player.")
    if case.character.basis == case.main.basis == "proven":
        return tr("A Battle.net sign-in proves that its owner also plays {main}.", main=case.main.label)
    return tr("An officer has confirmed that its owner also plays {main}.", main=case.main.label)
