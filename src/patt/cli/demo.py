"""`patt demo`: the product on a simulated guild."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from patt.auth import credentials
from patt.bootstrap import Services, run
from patt.cli.output import JsonOption, err, out, print_json, say, table
from patt.config import load_settings
from patt.demo.play import DemoOutcome, open_demo
from patt.server import serve_until_stopped
from patt.web.places import INBOX
from sv_common.guild_sync.scheduler import PipelineReport

HOST = "127.0.0.1"
USUAL_PORT = 8000
LINK_LIFETIME = timedelta(hours=12)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End after the story instead of serving the admin page.")
    ] = False,
    as_json: JsonOption = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the admin page; a free one if it is taken.")
    ] = USUAL_PORT,
    seed: Annotated[int, typer.Option(help="The made-up guild to use.")] = 7,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the demo's own database.")] = None,
) -> None:
    folder = data_dir or load_settings().data_dir / "demo"

    async def work() -> None:
        async with open_demo(folder.absolute(), seed) as opened:
            outcome = await opened.play((lambda *_: None) if as_json else _tell)
            if as_json:
                print_json(outcome.as_json())
            else:
                _print_outcome(outcome)
            if not once:
                await _serve(opened.services, port)

    run(work())


async def _serve(services: Services, port: int) -> None:
    async with services.pool.installation() as conn:
        token = await credentials.create_login_link(conn, "demo", lifetime=LINK_LIFETIME)
    free = _free_port(port)
    settings = services.settings.model_copy(update={"base_url": f"http://{HOST}:{free}"})
    err.print(f"\nPATT is served on http://{HOST}:{free}{INBOX.href} until you press Ctrl-C.", soft_wrap=True)
    err.print(
        f"To sign in, open this link and press its button (it works once): http://{HOST}:{free}/login/{token}",
        soft_wrap=True,
    )
    err.print("Or sign in with the made-up Discord, as any of its members.", soft_wrap=True)
    await serve_until_stopped(replace(services, settings=settings), HOST, free, with_worker=True)


def _free_port(wanted: int) -> int:
    """Return the port if it is free, else one that is."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return wanted


def _tell(heading: str, pipelines: Sequence[PipelineReport]) -> None:
    out.print(f"\n[bold]{escape(heading)}[/]")
    for pipeline in pipelines:
        moves = [
            f"{check.issue_type} {word} {count}"
            for check in (pipeline.check.checks if pipeline.check else ())
            for word, count in (("+", check.moves.opened + check.moves.recurred), ("−", check.moves.resolved))
            if count
        ]
        logged = sum(step.counts.get("mismatches_logged", 0) for step in pipeline.steps)
        moves += [f"note_mismatch + {logged}"] if logged else []
        fixed = [
            f"{r.issue_type}: {r.reason}"
            for r in (pipeline.fixes.results if pipeline.fixes else ())
            if r.outcome == "fixed"
        ]
        say(f"  {pipeline.name}: {', '.join(moves) or 'nothing new'}")
        for sentence in fixed:
            out.print(f"    [green]fixed automatically[/] {escape(sentence)}")


def _print_outcome(outcome: DemoOutcome) -> None:
    out.print("\n[bold]What each rule found[/]")
    rows = [(r.issue_type, r.opened_ever, r.resolved_ever, r.auto_fixed, r.open, r.waiting) for r in outcome.rules]
    table("rule", "opened", "resolved", "fixed automatically", "open", "needs review", rows=rows)
    out.print("\n[bold]Fixed automatically[/]")
    for fix in outcome.fixes:
        if fix.is_automatic and fix.outcome == "fixed":
            say(f"  attempt {fix.id}, {fix.issue_type}: {fix.reason}")
    out.print("\n[bold]Needs review[/] (the newest)")
    waiting = [issue for issue in outcome.issues if issue.state == "open" and issue.severity != "info"]
    for issue in waiting[:12]:
        say(f"  issue {issue.id}, {issue.issue_type}: {issue.summary}")
