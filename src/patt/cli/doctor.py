"""`patt doctor`: checks the set-up, line by line."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.markup import escape

from patt.bootstrap import run
from patt.cli.options import JsonOption
from patt.cli.output import out, print_json
from patt.setup.check import Check
from patt.setup.doctor import examine


def doctor(as_json: JsonOption = False) -> None:
    """Check settings, database, sources, permissions, ranks and uploads; exit code 1 while anything is wrong."""
    checks = run(examine())
    if as_json:
        print_json({"checks": checks})
    else:
        _print(checks)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def _print(checks: Sequence[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        word = "[green]ok[/]   " if check.ok else "[red]wrong[/]"
        out.print(f"{word}  {check.name:<{width}}  {escape(check.message)}", soft_wrap=True)
        if check.remedy:
            out.print(f"{'':>{width + 7}}  [yellow]→[/] {escape(check.remedy)}", soft_wrap=True)
    faults = sum(not check.ok for check in checks)
    out.print(f"\n{f'{faults} of {len(checks)} checks found something wrong.' if faults else 'All is well.'}")
