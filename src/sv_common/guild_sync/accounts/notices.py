"""What officers read about a reading of account evidence: what failed, and what nothing follows from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sv_common.guild_sync.accounts.evidence import Answers, Groupings
from sv_common.guild_sync.core.language import tr_n
from sv_common.guild_sync.sources.models import CollectionState


def notices(answers: Sequence[Answers], groupings: Groupings) -> Iterator[str]:
    yield from _failures(answers)
    yield from _of_pets(groupings)
    yield from _of_achievements(groupings)


def _failures(answers: Sequence[Answers]) -> Iterator[str]:
    failed = [each.pets.reason for each in answers if each.pets.state is CollectionState.FAILED]
    if failed:
        said = tr_n(
            "The battle pets of {n} character could not be read. What is known of it stays.",
            "The battle pets of {n} characters could not be read. What is known of them stays.",
            len(failed),
        )
        yield f"{said} {failed[0]}"
    failed = [
        each.achievements.reason
        for each in answers
        if each.achievements is not None and each.achievements.state is CollectionState.FAILED
    ]
    if failed:
        said = tr_n(
            "The achievements of {n} character could not be read. Its battle pets are not shown.",
            "The achievements of {n} characters could not be read. Their battle pets are not shown.",
            len(failed),
        )
        yield f"{said} {failed[0]}"


def _of_pets(groupings: Groupings) -> Iterator[str]:
    if groupings.pets.common:
        yield tr_n(
            "{n} battle pet was left out of account evidence, because more than 100 characters have it.",
            "{n} battle pets were left out of account evidence, because more than 100 characters have them.",
            groupings.pets.common,
        )
    if groupings.pets.reviews:
        yield tr_n(
            "{n} group of characters shares battle pets in a way that is unclear. Nothing follows from it.",
            "{n} groups of characters share battle pets in a way that is unclear. Nothing follows from them.",
            len(groupings.pets.reviews),
        )


def _of_achievements(groupings: Groupings) -> Iterator[str]:
    if groupings.achievements.common:
        yield tr_n(
            "{n} achievement was left out of account evidence, because more than 100 characters have it from the same minute.",
            "{n} achievements were left out of account evidence, because more than 100 characters have them from the same minute.",
            groupings.achievements.common,
        )
    if groupings.achievements.reviews:
        yield tr_n(
            "{n} group of characters shares achievements in a way that is unclear. Nothing follows from it.",
            "{n} groups of characters share achievements in a way that is unclear. Nothing follows from them.",
            len(groupings.achievements.reviews),
        )
