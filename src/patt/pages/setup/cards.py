"""The cards of the assistant: which steps each has, how it stands, and what its pictures and links are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from patt.setup.progress import Progress
from patt.setup.wizard import STEPS, Step
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import mark, tr, tr_n

MATCH = "match"
State = Literal["done", "now", "later"]


@dataclass(frozen=True, slots=True)
class Card:
    """Steps that belong together, under one heading."""

    name: str
    title: str
    question: str
    steps: Sequence[str]

    @property
    def label(self) -> str:
        return tr(self.title)

    @property
    def heading(self) -> str:
        return tr(self.question)


CARDS = (
    Card("battlenet", mark("Battle.net"), mark("Let PATT read the roster"), ["battlenet"]),
    Card("guild", mark("Your guild"), mark("Which guild is yours?"), ["guild"]),
    Card("discord", mark("Discord bot"), mark("Invite the bot"), ["discord", "server", "channel"]),
    Card("read", mark("First read"), mark("Reading your guild"), ["roster", "export"]),
    Card("ranks", mark("Ranks and roles"), mark("Which role belongs to which rank?"), ["ranks", "members"]),
    Card("key", mark("Upload key"), mark("Let the addon’s exports in"), ["address", "key"]),
    Card(MATCH, mark("Full match"), mark("See who is who"), []),
)
STEP_OF_NAME: Mapping[str, Step] = {step.name: step for step in STEPS}


def step_called(name: str) -> Step:
    """Return a step. Raises `BadInput`."""
    if name not in STEP_OF_NAME:
        raise BadInput(tr("“{step}” is not a step. The steps are: {steps}.", step=name, steps=", ".join(STEP_OF_NAME)))
    return STEP_OF_NAME[name]


def card_of(step: str) -> Card:
    """Return the card that has a step; the last one for any other name."""
    return next((card for card in CARDS if step in card.steps), CARDS[-1])


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card as the list of cards shows it: how it stands, and what is known of it in a few words."""

    card: Card
    state: State
    step: str
    words: str


def shown_cards(progress: Progress, current: Card) -> list[ShownCard]:
    """Return all cards in their order. A card is done when each of its steps is."""
    return [
        ShownCard(
            card,
            "now" if card is current else "done" if card.steps and progress.done.issuperset(card.steps) else "later",
            next((each for each in card.steps if each not in progress.done), card.steps[0] if card.steps else MATCH),
            _words(card, progress),
        )
        for card in CARDS
    ]


def _words(card: Card, progress: Progress) -> str:
    guild, counts = progress.guild, progress.counts
    match card.name:
        case "battlenet":
            return tr("Keys accepted") if "battlenet" in progress.done else tr("free keys, 2 minutes")
        case "guild":
            return f"{guild.name} · {guild.region.upper()}" if guild else tr("name and realm")
        case "discord":
            return tr("Connected") if progress.done.issuperset(card.steps) else tr("bot, server, channel")
        case "read" if counts.characters:
            return tr_n("{n} character", "{n} characters", counts.characters)
        case "ranks" if counts.ranks and not counts.undecided:
            return tr("All decided")
        case "ranks" if counts.ranks:
            return tr_n("{n} rank undecided", "{n} ranks undecided", counts.undecided)
        case "key" if counts.keys:
            return tr_n("{n} key", "{n} keys", counts.keys)
    return {
        "read": tr("about a minute"),
        "ranks": tr("suggested from Discord"),
        "key": tr("for the companion"),
    }.get(card.name, tr("the first links"))
