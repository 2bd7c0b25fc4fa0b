"""The dialogues of the set-up: at a terminal, and for a script that gives every answer as an option."""

from __future__ import annotations

import contextlib
import getpass
import signal
from collections.abc import Iterator, Sequence

from rich.markup import escape

from patt.cli.output import err, out, say, say_error, table
from patt.setup.session import Choice, Dialogue, StepSkipped
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr, tr_in
from sv_common.guild_sync.core.names import name_key

_AGREED = {"y", "yes"}
_REFUSED = {"n", "no"}


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
        if (agreed := _is_agreed(answer)) is not None:
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
            return _chosen(given, choices)
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
                return _chosen(answer, choices, by_number=True)
            except BadInput as error:
                say_error(error)

    def confirm(self, option: str, question: str, *, default: bool = True) -> bool:
        answer = self.take(option)
        agreed = None if answer is None else _is_agreed(answer)
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
            return _chosen(given, choices)
        if not default:
            there = tr("There are: {choices}", choices=_listing(choices))
            raise BadInput(f"{self._missing(option, question)}. {there}")
        return default

    def confirm(self, option: str, question: str, *, default: bool = True) -> bool:  # noqa: ARG002 -- nothing is shown
        answer = self.take(option)
        return default if answer is None else _is_agreed(answer) is True

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


def _chosen(answer: str, choices: Sequence[Choice], *, by_number: bool = False) -> str:
    """Return the value of the choice with this number in the list, value, label or name. Raises `BadInput`."""
    if by_number and answer.isdecimal() and 1 <= int(answer) <= len(choices):
        return choices[int(answer) - 1].value
    if answer in {choice.value for choice in choices}:
        return answer
    key = name_key(answer)
    meant = [choice.value for choice in choices if key in (name_key(choice.label), name_key(choice.name))]
    if len(meant) == 1:
        return meant[0]
    several = tr("“{answer}” fits more than one choice.", answer=answer)
    cause = several if meant else tr("“{answer}” is not a choice.", answer=answer)
    raise BadInput(cause + " " + tr("Use one of: {choices}", choices=_listing(choices)))


def _is_agreed(answer: str) -> bool | None:
    """Read yes or no, in English or as the prompt says it; None for anything else."""
    key = answer.strip().lower()
    if key in _AGREED | {tr_in("answer", "y"), tr_in("answer", "yes")}:
        return True
    return False if key in _REFUSED | {tr_in("answer", "n"), tr_in("answer", "no")} else None


def _listing(choices: Sequence[Choice]) -> str:
    return ", ".join(f"{choice.value} ({choice.label})" for choice in choices)


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
