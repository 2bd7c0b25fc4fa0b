"""Reads the notes of labelled rosters as `patt notes` does and judges the readings: `python -m evaluation.notes`.

Prints precision and recall for each label, four figures for each language and guild, and every reading that is wrong.
Recall is the share of a label's notes that are read right; precision the share that is right among the readings that
claim it. Ends with 1 when an aim is missed, by all the notes or by those of one guild.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.labelled import GUILDS, NAMES_NOBODY, Label, LabelledGuild, labelled_guilds
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.names.discord_names import undecorated
from sv_common.guild_sync.identity.names.spellings import folds_of
from sv_common.guild_sync.identity.roster_notes import NICKNAME, UNKNOWN_NAME, UNSEEN, NoteReading, Sureness, read_notes
from sv_common.guild_sync.notes import DEFAULT_VOCABULARY, NoteKind

FEWEST_NOTES = 400
FIRST_SUGGESTIONS = 3
LEAST_CONFIDENT_RIGHT = 0.995
LEAST_CHARACTERS_RIGHT = 0.97
LEAST_MISSPELLED_RIGHT = 0.85
LEAST_NOBODIES_RIGHT = 0.98

_CLAIMS_OF_NOBODY = {
    NICKNAME: "nickname",
    UNKNOWN_NAME: "nickname",
    UNSEEN: "empty",
    NoteKind.MARKER: "main",
    NoteKind.DITTO: "noise",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One note: what it means, and how it was read."""

    guild: str
    language: str
    discord_names: Sequence[str]
    label: Label
    reading: NoteReading

    @property
    def is_right(self) -> bool:
        """Whether the reading is one that the label accepts."""
        match self.label.label:
            case "character":
                return self._is_confident_of_a_target
            case "misspelled":
                return self._is_confident_of_a_target or bool(
                    set(self.label.targets) & set(self.reading.suggestions[:FIRST_SUGGESTIONS])
                )
            case "ambiguous":
                return not self.is_confident
            case "nickname":
                return not self.is_confident
            case "discord":
                return self.is_confident and self._is_the_discord_member
            case _:
                return self.reading.decision is Sureness.NOBODY

    @property
    def is_confident(self) -> bool:
        return self.reading.decision is Sureness.CONFIDENT

    @property
    def claim(self) -> str:
        """The label that the reading stands for."""
        match self.reading.decision:
            case Sureness.CONFIDENT:
                return "discord" if self.reading.person in self.discord_names else "character"
            case Sureness.AMBIGUOUS:
                return "ambiguous"
            case Sureness.SUGGESTED:
                return "misspelled"
            case Sureness.NOBODY:
                return _CLAIMS_OF_NOBODY.get(self.reading.kind, self.reading.kind)

    @property
    def is_confidently_wrong(self) -> bool:
        """Whether the reading is certain of what the label does not say."""
        return self.is_confident and not self.is_right

    @property
    def _is_confident_of_a_target(self) -> bool:
        if not self.is_confident:
            return False
        if not self.reading.targets:
            return self._is_member_of_a_targets_name
        return self.reading.targets[0] in self.label.targets

    @property
    def _is_member_of_a_targets_name(self) -> bool:
        """Whether the person meant is the Discord member who is called as a character that the label accepts."""
        person = self.reading.person or ""
        if person not in self.discord_names:
            return False
        called = frozenset().union(*(folds_of(name) for name in undecorated(person, DEFAULT_VOCABULARY)))
        return any(not called.isdisjoint(folds_of(target.partition("-")[0])) for target in self.label.targets)

    @property
    def _is_the_discord_member(self) -> bool:
        (name,) = self.label.targets
        bearers = {name_key(target.partition("-")[0]) for target in self.reading.targets}
        return self.reading.person == name or name_key(name) in bearers


@dataclass(frozen=True, slots=True)
class Score:
    """How many notes bear a label and are read right, and how many readings claim the label and are right."""

    label: str
    borne: int
    borne_right: int
    claimed: int
    claimed_right: int

    @property
    def recall(self) -> float | None:
        """Share of the label's notes that are read right; None where no note bears it."""
        return self.borne_right / self.borne if self.borne else None

    @property
    def precision(self) -> float | None:
        """Share of the readings that claim the label that are right; None where none does."""
        return self.claimed_right / self.claimed if self.claimed else None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All labelled notes with their readings."""

    judged: Sequence[Judged]

    @property
    def wrong(self) -> list[Judged]:
        """The notes that are not read as their label says."""
        return [each for each in self.judged if not each.is_right]

    def scores(self) -> list[Score]:
        """One score for each label that a note bears or a reading claims."""
        borne = Counter(each.label.label for each in self.judged)
        borne_right = Counter(each.label.label for each in self.judged if each.is_right)
        claimed = Counter(each.claim for each in self.judged)
        claimed_right = Counter(each.claim for each in self.judged if each.is_right)
        return [
            Score(label, borne[label], borne_right[label], claimed[label], claimed_right[label])
            for label in sorted(borne | claimed)
        ]

    def missed_aims(self) -> list[str]:
        """One sentence for each aim that is missed: by all the notes, or by those of one guild."""
        confidently_wrong = sum(each.is_confidently_wrong for each in self.judged)
        missed = [
            f"{len(self.judged)} labelled notes are fewer than {FEWEST_NOTES}"
            if len(self.judged) < FEWEST_NOTES
            else "",
            f"{confidently_wrong} confident decisions are wrong, and none may be" if confidently_wrong else "",
            *self.shares_missed(),
            *(
                f"{guild}: {sentence}"
                for guild, evaluation in self._guilds().items()
                for sentence in evaluation.shares_missed()
            ),
        ]
        return [sentence for sentence in missed if sentence]

    def _guilds(self) -> dict[str, Evaluation]:
        """The same for each guild by itself."""
        notes: dict[str, list[Judged]] = defaultdict(list)
        for each in self.judged:
            notes[each.guild].append(each)
        return {guild: Evaluation(judged) for guild, judged in notes.items()}

    def shares_missed(self) -> list[str]:
        """One sentence for each of the four figures that is below its aim."""
        of = figures(self.judged)
        shares = (
            ("confident decisions", of.confident, LEAST_CONFIDENT_RIGHT),
            ("notes that name a character", of.characters, LEAST_CHARACTERS_RIGHT),
            ("misspelled and shortened names", of.misspelled, LEAST_MISSPELLED_RIGHT),
            ("notes that name nobody", of.nobodies, LEAST_NOBODIES_RIGHT),
        )
        return [
            f"{share:.1%} of the {what} are right; the aim is {least:.1%}"
            for what, share, least in shares
            if share is not None and share < least
        ]


@dataclass(frozen=True, slots=True)
class Figures:
    """How a part of the notes is read: the share that is right of each kind, None where the part has none of it."""

    notes: int
    confidently_wrong: int
    confident: float | None
    characters: float | None
    misspelled: float | None
    nobodies: float | None


def figures(judged: Sequence[Judged]) -> Figures:
    """Count the four figures over these notes."""
    return Figures(
        len(judged),
        sum(each.is_confidently_wrong for each in judged),
        _share_right([each for each in judged if each.is_confident]),
        _share_right([each for each in judged if each.label.label == "character"]),
        _share_right([each for each in judged if each.label.label == "misspelled"]),
        _share_right([each for each in judged if each.label.label in NAMES_NOBODY]),
    )


def evaluate(guilds: Iterable[LabelledGuild]) -> Evaluation:
    """Read every note of the guilds."""
    return Evaluation(
        [
            Judged(guild.name, guild.language, guild.discord_names, label, reading)
            for guild in guilds
            for label, reading in zip(guild.labels, read_notes(guild.roster, guild.discord_names), strict=True)
        ]
    )


def main() -> None:
    """Run the evaluation from the command line."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.notes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="folder of labelled rosters")
    folder = parser.parse_args().folder
    evaluation = evaluate(labelled_guilds(folder or GUILDS))
    print("\n".join(_report(evaluation)))
    missed = evaluation.missed_aims()
    print(
        "\n".join(["\nMissed aims:", *(f"  {sentence}" for sentence in missed)] if missed else ["\nAll aims are met."])
    )
    sys.exit(1 if missed else 0)


def _report(evaluation: Evaluation) -> Iterator[str]:
    yield f"{'label':<12}{'notes':>7}{'recall':>9}{'claims':>8}{'precision':>11}"
    for score in evaluation.scores():
        yield f"{score.label:<12}{score.borne:>7}{_percent(score.recall):>9}{score.claimed:>8}{_percent(score.precision):>11}"
    yield ""
    yield from _table("language", evaluation.judged, lambda each: each.language)
    yield ""
    yield from _table("guild", evaluation.judged, lambda each: f"{each.guild} ({each.language})")
    yield f"\n{len(evaluation.wrong)} of {len(evaluation.judged)} notes are read wrong"
    yield from (f"  {_wrong(each)}" for each in evaluation.wrong)


def _table(title: str, judged: Sequence[Judged], part_of: Callable[[Judged], str]) -> Iterator[str]:
    """A line of figures for each part, and one for all."""
    yield f"{title:<36}{'notes':>6}{'confident':>11}{'wrong':>7}{'characters':>12}{'misspelled':>10}{'nobody':>9}"
    for part in sorted({part_of(each) for each in judged}):
        yield _line(part, figures([each for each in judged if part_of(each) == part]))
    yield _line("all", figures(judged))


def _line(part: str, of: Figures) -> str:
    return (
        f"{part:<36}{of.notes:>6}{_percent(of.confident):>11}{of.confidently_wrong:>7}{_percent(of.characters):>12}"
        f"{_percent(of.misspelled):>10}{_percent(of.nobodies):>9}"
    )


def _share_right(notes: Sequence[Judged]) -> float | None:
    return sum(each.is_right for each in notes) / len(notes) if notes else None


def _wrong(each: Judged) -> str:
    expected = " ".join((each.label.label, " or ".join(each.label.targets))).strip()
    got = ", ".join(each.reading.targets or each.reading.suggestions)
    return (
        f"{each.guild}: {each.reading.character} “{each.reading.note}”: expected {expected}, "
        f"got {each.reading.decision} {each.reading.kind} {got}".rstrip()
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


if __name__ == "__main__":
    main()
