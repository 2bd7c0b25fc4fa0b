"""Checking an installation."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.markup import escape

from patt.bootstrap import run
from patt.cli.output import JsonOption, out, say, show
from patt.doctor.checks import Check, label_of
from patt.doctor.doctor import examine
from sv_common.guild_sync.core.language import number, tr, tr_n


def doctor(as_json: JsonOption = False) -> None:
    checks = run(examine())
    show({"checks": checks}, as_json, lambda _: _say_checks(checks))
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def _say_checks(checks: Sequence[Check]) -> None:
    words = {True: tr("ok"), False: tr("failed")}
    first, width = max(map(len, words.values())), max(len(label_of(check.name)) for check in checks)
    for check in checks:
        color, word = "green" if check.ok else "red", words[check.ok].ljust(first)
        out.print(
            f"[{color}]{escape(word)}[/]  {label_of(check.name):<{width}}  {escape(check.message)}", soft_wrap=True
        )
        if check.remedy:
            out.print(f"{'':>{first + 2 + width}}  [yellow]→[/] {escape(check.remedy)}", soft_wrap=True)
    faults = sum(not check.ok for check in checks)
    say("")
    failed = tr_n("{failed} of {n} check failed.", "{failed} of {n} checks failed.", len(checks), failed=number(faults))
    say(failed if faults else tr("All checks passed."))
