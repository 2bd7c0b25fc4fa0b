"""The dialogues of the set-up: at a terminal, and for a script that gives every answer as an option."""

from __future__ import annotations

import contextlib
import getpass
import signal
from collections.abc import Iterator, Sequence

from rich.markup import escape

from patt.cli.output import err, out, say, say_error, table
from patt.companion.code import read_code
from patt.companion.given import limit_of
from patt.setup.session import Choice, Dialogue, RankOffer, StepSkipped, chosen, is_agreed, listing
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.sources.models import DiscordRole


def agrees(question: str, *, default: bool) -> bool:
    """Ask until the answer is yes or no, or nothing, which is the default. Where nobody can answer, it is no."""
    hint = tr("Y/n") if default else tr("y/N")
    while True:
        try:
            answer = _read(f"{question} ({hint}): ")
        except EOFError:
            return False
        if not answer.strip():
            return default
        if (agreed := is_agreed(answer)) is not None:
            return agreed
        err.print(escape(tr("Answer y or n.")))


class _Printing(Dialogue):
    say = staticmethod(say)
    complain = staticmethod(say_error)
    step = ""

    def begin(self, step: str, heading: str) -> None:
        self.step = step
        out.print(f"\n[bold]{escape(heading)}[/]")

    def warn(self, sentence: str) -> None:
        out.print(f"[yellow]![/] {escape(sentence)}", soft_wrap=True)

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        table(*columns, rows=rows)

    def offer(self, ranks: Sequence[RankOffer], roles: Sequence[DiscordRole]) -> None:
        """Each rank is asked about in turn."""

    def hand_over(self, code: str, uploader: str) -> None:
        say(tr("On the computer where {uploader} plays, run this. It asks for the code:", uploader=uploader))
        say("  patt watch")
        say(tr("The code, shown only once: {code}", code=code))
        if (limit := limit_of(read_code(code).server)) is not None:
            say(limit)


class TerminalDialogue(_Printing):
    """Prompts a user. Enter without an answer takes the default, or leaves the step for later."""

    is_interactive = True

    def prompt(self, option: str, question: str, *, default: str = "", is_secret: bool = False) -> str:
        answer = self.take(option)
        if answer is None:
            enter = tr("Enter: {answer}", answer=default) if default else tr("Enter: later")
            hints = "; ".join((tr("not shown"), enter)) if is_secret else enter
            answer = _read(f"{question} ({hints}): ", is_secret=is_secret)
        if not answer.strip() and not default:
            raise StepSkipped(tr("no answer"))
        return answer.strip() or default

    def choose(self, option: str, question: str, choices: Sequence[Choice], *, default: str = "") -> str:
        given = self.take(option)
        if given is not None:
            return chosen(given, choices)
        for place, choice in enumerate(choices, start=1):
            say(f"  {place:>2}  {choice.label}")
        usual = next((choice.label for choice in choices if choice.value == default), tr("later"))
        hint = tr("number; Enter: {answer}", answer=usual)
        while True:
            answer = _read(f"{question} ({hint}): ").strip()
            if not answer and not default:
                raise StepSkipped(tr("no selection"))
            if not answer:
                return default
            try:
                return chosen(answer, choices, by_number=True)
            except BadInput as error:
                say_error(error)

    def confirm(self, option: str, question: str, *, default: bool = True) -> bool:
        answer = self.take(option)
        agreed = None if answer is None else is_agreed(answer)
        return agrees(f"{question}?", default=default) if agreed is None else agreed

    def try_again(self) -> bool:
        return not _read(tr("Enter: try again; s: leave this step for later") + ": ").strip()

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[None]:
        with out.status(f"{escape(what)} …"):
            yield


class ScriptDialogue(_Printing):
    """Prompts no one: takes the options, then defaults, and names the option if there is neither."""

    is_interactive = False

    def prompt(self, option: str, question: str, *, default: str = "", is_secret: bool = False) -> str:  # noqa: ARG002 -- nothing is shown
        answer = (self.take(option) or default).strip()
        if not answer:
            raise BadInput(self._missing(option, question))
        return answer

    def choose(self, option: str, question: str, choices: Sequence[Choice], *, default: str = "") -> str:
        given = self.take(option)
        if given is not None:
            return chosen(given, choices)
        if not default:
            there = tr("There are: {choices}", choices=listing(choices))
            raise BadInput(f"{self._missing(option, question)}. {there}")
        return default

    def confirm(self, option: str, question: str, *, default: bool = True) -> bool:  # noqa: ARG002 -- nothing is shown
        answer = self.take(option)
        return default if answer is None else is_agreed(answer) is True

    def try_again(self) -> bool:
        return False

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[None]:
        say(f"{what} …")
        yield

    def _missing(self, option: str, question: str) -> str:
        return tr(
            "{question}: this is missing. Give it with --{option}, or skip the step: --skip {step}",
            question=question,
            option=option,
            step=self.step,
        )


def _read(prompt: str, *, is_secret: bool = False) -> str:
    """Read one line. Ctrl-C ends the program here too; asyncio would wait until the line is read.

    The prompt goes to standard error, since standard output may be JSON.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if is_secret:
            return getpass.getpass(prompt)
        err.print(escape(prompt), end="")
        return input()
    finally:
        signal.signal(signal.SIGINT, before)
