"""Reads the notes of labelled rosters as `patt notes` does and judges the readings: `python -m evaluation.notes`.

Prints precision and recall for each label, the four figures of each guild and every reading that is wrong, and ends with
1 when an aim is missed, by all or by one guild. Recall
is the share of a label's notes that are read right; precision the share that is right among the readings that claim it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.labelled import GUILDS, NAMES_NOBODY, Label, LabelledGuild, labelled_guilds
from sv_common.guild_sync.domain.names import name_key
from sv_common.guild_sync.domain.notes import NoteKind
from sv_common.guild_sync.note_reading import NICKNAME, UNKNOWN_NAME, UNSEEN, NoteReading, Sureness, read_notes

FEWEST_NOTES = 400
FIRST_SUGGESTIONS = 3
LEAST_CONFIDENT_RIGHT = 0.995
LEAST_CHARACTERS_RIGHT = 0.97
LEAST_MISSPELT_RIGHT = 0.85
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
    discord_names: Sequence[str]
    label: Label
    reading: NoteReading

    @property
    def is_right(self) -> bool:
        """Whether the reading is one that the label accepts."""
        match self.label.label:
            case "character":
                return self._is_confident_of_a_target
            case "misspelt":
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
        """Whether the reading claims to be certain."""
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
                return "misspelt"
            case Sureness.NOBODY:
                return _CLAIMS_OF_NOBODY.get(self.reading.kind, self.reading.kind)

    @property
    def is_confidently_wrong(self) -> bool:
        """Whether the reading is certain of what the label does not say."""
        return self.is_confident and not self.is_right

    @property
    def _is_confident_of_a_target(self) -> bool:
        return self.is_confident and self.reading.targets[:1] != () and self.reading.targets[0] in self.label.targets

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
                for guild, evaluation in self.guilds().items()
                for sentence in evaluation.shares_missed()
            ),
        ]
        return [sentence for sentence in missed if sentence]

    def shares(self) -> dict[str, float]:
        """The four figures: how many of the confident decisions, and of three sorts of notes, are right."""
        return {
            "confident decisions": self._share_right([each for each in self.judged if each.is_confident]),
            "notes that name a character": self._share_right(self._with_labels({"character"})),
            "misspelt and shortened names": self._share_right(self._with_labels({"misspelt"})),
            "notes that name nobody": self._share_right(self._with_labels(NAMES_NOBODY)),
        }

    def guilds(self) -> dict[str, Evaluation]:
        """The same for each guild by itself."""
        notes: dict[str, list[Judged]] = {}
        for each in self.judged:
            notes.setdefault(each.guild, []).append(each)
        return {guild: Evaluation(judged) for guild, judged in notes.items()}

    def shares_missed(self) -> list[str]:
        """One sentence for each of the four figures that is below its aim."""
        shares = self.shares().items()
        return [
            f"{share:.1%} of the {what} are right; the aim is {least:.1%}"
            for (what, share), least in zip(shares, _LEAST_SHARES, strict=True)
            if share < least
        ]

    def _with_labels(self, labels: Iterable[str]) -> list[Judged]:
        return [each for each in self.judged if each.label.label in labels]

    @staticmethod
    def _share_right(notes: Sequence[Judged]) -> float:
        return sum(each.is_right for each in notes) / len(notes) if notes else 1.0


_LEAST_SHARES = (LEAST_CONFIDENT_RIGHT, LEAST_CHARACTERS_RIGHT, LEAST_MISSPELT_RIGHT, LEAST_NOBODIES_RIGHT)


def evaluate(guilds: Iterable[LabelledGuild]) -> Evaluation:
    """Read every note of the guilds."""
    return Evaluation(
        [
            Judged(guild.name, guild.discord_names, label, reading)
            for guild in guilds
            for label, reading in zip(guild.labels, read_notes(guild.roster, guild.discord_names), strict=True)
        ]
    )


def main() -> None:
    """Run the evaluation from the command line."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.notes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=GUILDS, help="folder of labelled rosters")
    evaluation = evaluate(labelled_guilds(parser.parse_args().folder))
    print("\n".join(_report(evaluation)))
    sys.exit(1 if evaluation.missed_aims() else 0)


def _report(evaluation: Evaluation) -> Iterator[str]:
    yield f"{'label':<12}{'notes':>7}{'recall':>9}{'claims':>8}{'precision':>11}"
    for score in evaluation.scores():
        yield f"{score.label:<12}{score.borne:>7}{_percent(score.recall):>9}{score.claimed:>8}{_percent(score.precision):>11}"
    yield f"\n{'guild':<28}{'confident':>10}{'character':>10}{'misspelt':>10}{'nobody':>10}"
    for guild, of_guild in evaluation.guilds().items():
        yield f"{guild:<28}" + "".join(f"{share:>10.1%}" for share in of_guild.shares().values())
    yield f"\n{len(evaluation.wrong)} of {len(evaluation.judged)} notes are read wrong"
    yield from (f"  {_wrong(each)}" for each in evaluation.wrong)
    missed = evaluation.missed_aims()
    yield "\nAll aims are met." if not missed else "\nMissed aims:"
    yield from (f"  {sentence}" for sentence in missed)


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
