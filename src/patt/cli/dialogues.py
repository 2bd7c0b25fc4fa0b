"""The two ways in which the set-up speaks: with a person at a terminal, and with a script that gave its answers before."""

from __future__ import annotations

import contextlib
import getpass
import signal
from collections.abc import Iterator, Mapping, Sequence

from rich.markup import escape

from patt.cli.output import out, say, say_error, table
from patt.setup.dialogue import Choice, StepSkipped
from sv_common.guild_sync.domain.errors import BadInput, PattError
from sv_common.guild_sync.domain.names import name_key

_YES = {"y", "yes"}
_NO = {"n", "no"}


class Telling:
    """What both have in common: they show things, and know what was given as options."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = dict(given)
        self._step = ""

    def given(self, option: str) -> str | None:
        """See `Dialogue`."""
        return self._given.get(option)

    def take(self, option: str) -> str | None:
        """See `Dialogue`."""
        return self._given.pop(option, None)

    def begin(self, step: str, heading: str) -> None:
        """See `Dialogue`."""
        self._step = step
        out.print(f"\n[bold]{escape(heading)}[/]")

    def say(self, sentence: str) -> None:
        """See `Dialogue`."""
        say(sentence)

    def warn(self, sentence: str) -> None:
        """See `Dialogue`."""
        out.print(f"[yellow]![/] {escape(sentence)}", soft_wrap=True)

    def complain(self, error: PattError) -> None:
        """See `Dialogue`."""
        say_error(error)

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """See `Dialogue`."""
        table(*columns, rows=rows)


class TerminalDialogue(Telling):
    """Asks a person. Enter without an answer takes the default, or leaves the step for later."""

    is_interactive = True

    def ask(self, option: str, question: str, *, default: str = "", is_secret: bool = False) -> str:
        """See `Dialogue`."""
        answer = self.take(option)
        if answer is None:
            hint = "not shown; " if is_secret else ""
            answer = _read(
                f"{question} ({hint}{f'Enter: {default}' if default else 'Enter: later'}): ", is_secret=is_secret
            )
        if not answer.strip() and not default:
            raise StepSkipped("nothing was given")
        return answer.strip() or default

    def choose(self, option: str, question: str, choices: Sequence[Choice], *, default: str = "") -> str:
        """See `Dialogue`."""
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
        """See `Dialogue`."""
        answer = self.take(option)
        while True:
            answer = _read(f"{question}? ({'Y/n' if default else 'y/N'}): ") if answer is None else answer
            key = answer.strip().lower()
            if key in _YES | _NO or not key:
                return key in _YES if key else default
            say("Answer y or n.")
            answer = None

    def try_again(self) -> bool:
        """See `Dialogue`."""
        return not _read("Enter: try again; s: leave this step for later: ").strip()

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[None]:
        """See `Dialogue`."""
        with out.status(f"{escape(what)} …"):
            yield


class ScriptDialogue(Telling):
    """Asks nobody: takes what was given, then defaults, and names the option where neither is there."""

    is_interactive = False

    def ask(self, option: str, question: str, *, default: str = "", is_secret: bool = False) -> str:  # noqa: ARG002 -- nothing is shown
        """See `Dialogue`."""
        answer = (self.take(option) or default).strip()
        if not answer:
            raise BadInput(
                f"{question}: this is missing. Give it with --{option}, or leave the step out: --skip {self._step}"
            )
        return answer

    def choose(self, option: str, question: str, choices: Sequence[Choice], *, default: str = "") -> str:
        """See `Dialogue`."""
        given = self.take(option)
        if given is not None:
            return _chosen(given, choices)
        if not default:
            raise BadInput(
                f"{question}: this is missing. Give it with --{option}, or leave the step out: --skip {self._step}. "
                f"There are: {_listing(choices)}"
            )
        return default

    def confirm(self, option: str, question: str, *, default: bool = True) -> bool:  # noqa: ARG002 -- nothing is shown
        """See `Dialogue`."""
        answer = self.take(option)
        return default if answer is None else answer.strip().lower() in _YES

    def try_again(self) -> bool:
        """See `Dialogue`."""
        return False

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[None]:
        """See `Dialogue`."""
        say(f"{what} …")
        yield


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
