"""`patt demo`: the product on a simulated guild."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from patt.auth import credentials
from patt.bootstrap import Services
from patt.cli.output import JsonOption, out, print_json, say, say_beside, table
from patt.cli.server import SERVED, until_interrupted
from patt.config import load_settings
from patt.demo.play import DemoOutcome, open_demo
from patt.server import listening, serve_until_stopped
from patt.web.places import INBOX
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.scheduler import PipelineReport

HOST = "127.0.0.1"
USUAL_PORT = 8000
LINK_LIFETIME = timedelta(hours=12)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help=mark("End after the story instead of serving the admin page."))
    ] = False,
    as_json: JsonOption = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help=mark("Port of the admin page; a free one if it is taken."))
    ] = USUAL_PORT,
    seed: Annotated[int, typer.Option(help=mark("The made-up guild to use."))] = 7,
    data_dir: Annotated[Path | None, typer.Option(help=mark("Folder of the demo's own database."))] = None,
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

    until_interrupted(work())


async def _serve(services: Services, port: int) -> None:
    async with services.pool.installation() as conn:
        token = await credentials.create_login_link(conn, "demo", lifetime=LINK_LIFETIME)
    try:
        listener = listening(HOST, port)
    except ConfigurationError:
        listener = listening(HOST, 0)
    free = listener.getsockname()[1]
    settings = services.settings.model_copy(update={"base_url": f"http://{HOST}:{free}"})
    address, link = settings.own_page(INBOX.href), settings.own_page(f"/login/{token}")
    told = (
        tr(SERVED, address=address),
        tr("To sign in, open this link and press its button (it works once): {link}", link=link),
        tr("Or sign in with the made-up Discord, as any of its members."),
    )

    def say_where() -> None:
        for sentence in ("", *told):
            say_beside(sentence)

    with listener:
        served = replace(services, settings=settings)
        await serve_until_stopped(served, listener, with_worker=True, on_started=say_where)


def _tell(heading: str, pipelines: Sequence[PipelineReport]) -> None:
    _print_heading(heading)
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
        found = ", ".join(moves) or tr("nothing new")
        say(f"  {pipeline.name}: {found}")
        for sentence in fixed:
            words = tr("fixed automatically")
            out.print(f"    [green]{escape(words)}[/] {escape(sentence)}")


def _print_outcome(outcome: DemoOutcome) -> None:
    _print_heading(tr("What each rule found"))
    rows = [(r.issue_type, r.opened_ever, r.resolved_ever, r.auto_fixed, r.open, r.waiting) for r in outcome.rules]
    columns = tr("rule"), tr("opened"), tr("resolved"), tr("fixed automatically"), tr("open"), tr("needs review")
    table(*columns, rows=rows)
    _print_heading(tr("Fixed automatically"))
    for fix in outcome.fixes:
        if fix.is_automatic and fix.outcome == "fixed":
            told = tr("attempt {attempt}, {rule}: {reason}", attempt=fix.id, rule=fix.issue_type, reason=fix.reason)
            say(f"  {told}")
    _print_heading(tr("Needs review"), tr("(the newest)"))
    waiting = [issue for issue in outcome.issues if issue.state == "open" and issue.severity != "info"]
    for issue in waiting[:12]:
        told = tr("issue {issue}, {rule}: {summary}", issue=issue.id, rule=issue.issue_type, summary=issue.summary)
        say(f"  {told}")


def _print_heading(heading: str, more: str = "") -> None:
    out.print(f"\n[bold]{escape(heading)}[/]{f' {escape(more)}' if more else ''}")
