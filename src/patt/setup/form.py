"""The set-up through forms: a step is run with the answers that are there, and stops at the first question without one.

So a page is drawn from the step itself. To look, a step runs up to its first change; to answer, it runs as at a terminal.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from patt.setup.session import (
    ChangeAhead,
    Choice,
    Dialogue,
    Question,
    RankOffer,
    SetupSession,
    StepSkipped,
    chosen,
    is_agreed,
)
from patt.setup.wizard import Step
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.sources.models import DiscordRole

YES, NO = "yes", "no"


class Unanswered(Exception):
    """A step has asked something that has no answer yet."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence that a step has said; a warning says what should be fixed, and ends nothing."""

    text: str
    is_warning: bool = False


@dataclass(slots=True)
class Outcome:
    """What a step came to, and all that it has said and asked on the way.

    `state`: it is done; it asks something; it is ready to change something, and asks nothing more; it is left for later; it
    failed, and `problem` is the sentence.
    """

    state: Literal["done", "asks", "ready", "later", "failed"] = "done"
    problem: str = ""
    lines: list[Line] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    activity: str = ""
    offers: Sequence[RankOffer] = ()
    roles: Sequence[DiscordRole] = ()
    code: str = ""
    uploader: str = ""


class FormDialogue(Dialogue):
    """Takes the answers of a form. `is_anew`: what was accepted before is asked again, to be replaced."""

    is_interactive = True

    def __init__(self, given: Mapping[str, str], *, is_anew: bool = False) -> None:
        super().__init__({name: value for name, value in given.items() if value.strip()})
        self.outcome = Outcome()
        self._is_anew = is_anew

    def is_asked_anew(self, *options: str) -> bool:
        return self._is_anew or super().is_asked_anew(*options)

    def prompt_all(self, *questions: Question) -> list[str]:
        self.outcome.questions += questions
        answers = [(self.take(each.option) or "").strip() for each in questions]
        if not all(answers):
            raise Unanswered
        return answers

    def prompt(self, option: str, question: str, *, default: str = "", is_secret: bool = False) -> str:
        return self.prompt_all(Question(option, question, default, is_secret))[0]

    def choose(self, option: str, question: str, choices: Sequence[Choice], *, default: str = "") -> str:
        return chosen(self.prompt_all(Question(option, question, default, choices=choices))[0], choices)

    def confirm(self, option: str, question: str, *, default: bool = True) -> bool:
        choices = [Choice(YES, tr("Yes")), Choice(NO, tr("No"))]
        asked = Question(option, f"{question}?", YES if default else NO, choices=choices)
        return is_agreed(self.prompt_all(asked)[0]) is True

    def try_again(self) -> bool:
        return False

    def begin(self, step: str, heading: str) -> None:
        """A page has headings of its own."""

    def say(self, sentence: str) -> None:
        self.outcome.lines.append(Line(sentence))

    def warn(self, sentence: str) -> None:
        self.outcome.lines.append(Line(sentence, is_warning=True))

    def complain(self, error: PattError) -> None:
        self.warn(str(error))

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Ranks are offered, too."""

    def offer(self, ranks: Sequence[RankOffer], roles: Sequence[DiscordRole]) -> None:
        self.outcome.offers, self.outcome.roles = ranks, roles

    def hand_over(self, code: str, uploader: str) -> None:
        self.outcome.code, self.outcome.uploader = code, uploader

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[None]:
        self.outcome.activity = what
        yield


async def run(step: Step, session: SetupSession, dialogue: FormDialogue) -> Outcome:
    """Run a step with the answers that are there."""
    outcome = dialogue.outcome
    try:
        await step.take(session)
    except Unanswered:
        outcome.state = "asks"
    except ChangeAhead:
        outcome.state = "ready"
    except StepSkipped as reason:
        outcome.state, outcome.problem = "later", tr("Later: {reason}.", reason=reason)
    except PattError as error:
        outcome.state, outcome.problem = "failed", str(error)
    return outcome
