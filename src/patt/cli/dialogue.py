"""The two ways in which the set-up talks: with a person at a terminal, and with a script that gave its answers before."""

from __future__ import annotations

import contextlib
import getpass
import signal
from collections.abc import Iterator, Sequence

from rich.markup import escape

from patt.cli.output import out, say, say_error, table
from patt.setup.session import Choice, Dialogue, StepSkipped
from sv_common.guild_sync.core.errors import BadInput, PattError
from sv_common.guild_sync.core.names import name_key

_YES = {"y", "yes"}
_NO = {"n", "no"}


class _Printing(Dialogue):
    def begin(self, step: str, heading: str) -> None:
        self.step = step
        out.print(f"\n[bold]{escape(heading)}[/]")

    def say(self, sentence: str) -> None:
        say(sentence)

    def warn(self, sentence: str) -> None:
        out.print(f"[yellow]![/] {escape(sentence)}", soft_wrap=True)

    def complain(self, error: PattError) -> None:
        say_error(error)

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        table(*columns, rows=rows)


class TerminalDialogue(_Printing):
    """Asks a person. Enter without an answer takes the default, or leaves the step for later."""

    is_interactive = True

    def ask(self, option: str, question: str, *, default: str = "", is_secret: bool = False) -> str:
        answer = self.take(option)
        if answer is None:
            enter = f"Enter: {default}" if default else "Enter: later"
            answer = _read(f"{question} ({'not shown; ' if is_secret else ''}{enter}): ", is_secret=is_secret)
        if not answer.strip() and not default:
            raise StepSkipped("nothing was given")
        return answer.strip() or default

    def choose(self, option: str, question: str, choices: Sequence[Choice], *, default: str = "") -> str:
        given = self.take(option)
        if given is not None:
            return _chosen(given, choices)
        for number, choice in enumerate(choices, start=1):
            say(f"  {number:>2}  {choice.label}")
        usual = next((choice.label for choice in choices if choice.value == default), "later")
        while True:
            answer = _read(f"{question} (number; Enter: {usual}): ").strip()
            if not answer and not default:
                raise StepSkipped("nothing was chosen")
            if not answer:
                return default
            try:
                return _chosen(answer, choices, by_number=True)
            except BadInput as error:
                say_error(error)

    def confirm(self, option: str, question: str, *, default: bool = True) -> bool:
        answer = self.take(option)
        while True:
            answer = _read(f"{question}? ({'Y/n' if default else 'y/N'}): ") if answer is None else answer
            key = answer.strip().lower()
            if key in _YES | _NO or not key:
                return key in _YES if key else default
            say("Answer y or n.")
            answer = None

    def try_again(self) -> bool:
        return not _read("Enter: try again; s: leave this step for later: ").strip()

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[None]:
        with out.status(f"{escape(what)} …"):
            yield


class ScriptDialogue(_Printing):
    """Asks nobody: takes what was given, then defaults, and names the option where neither is there."""

    is_interactive = False

    def ask(self, option: str, question: str, *, default: str = "", is_secret: bool = False) -> str:  # noqa: ARG002 -- nothing is shown
        answer = (self.take(option) or default).strip()
        if not answer:
            raise BadInput(self._missing(option, question))
        return answer

    def choose(self, option: str, question: str, choices: Sequence[Choice], *, default: str = "") -> str:
        given = self.take(option)
        if given is not None:
            return _chosen(given, choices)
        if not default:
            raise BadInput(f"{self._missing(option, question)}. There are: {_listing(choices)}")
        return default

    def confirm(self, option: str, question: str, *, default: bool = True) -> bool:  # noqa: ARG002 -- nothing is shown
        answer = self.take(option)
        return default if answer is None else answer.strip().lower() in _YES

    def try_again(self) -> bool:
        return False

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[None]:
        say(f"{what} …")
        yield

    def _missing(self, option: str, question: str) -> str:
        return f"{question}: this is missing. Give it with --{option}, or leave the step out: --skip {self.step}"


def _chosen(answer: str, choices: Sequence[Choice], *, by_number: bool = False) -> str:
    """Return the value of the choice that is meant by its number in the list, its value, its label or its name."""
    if by_number and answer.isdecimal() and 1 <= int(answer) <= len(choices):
        return choices[int(answer) - 1].value
    if answer in {choice.value for choice in choices}:
        return answer
    key = name_key(answer)
    meant = [choice.value for choice in choices if key in (name_key(choice.label), name_key(choice.name))]
    if len(meant) == 1:
        return meant[0]
    raise BadInput(f"“{answer}” is {'more than one' if meant else 'none'} of them. There are: {_listing(choices)}")


def _listing(choices: Sequence[Choice]) -> str:
    return ", ".join(f"{choice.value} ({choice.label})" for choice in choices)


def _read(prompt: str, *, is_secret: bool = False) -> str:
    """Read one line. Ctrl-C ends the program here too, where asyncio would only note it until the line is read."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return getpass.getpass(prompt) if is_secret else input(prompt)
    finally:
        signal.signal(signal.SIGINT, before)
