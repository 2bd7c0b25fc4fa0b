"""`patt match`: the full match."""

from __future__ import annotations

from patt.bootstrap import Services
from patt.cli.options import DryRunOption, GuildOption, JsonOption, actor, with_services
from patt.cli.output import print_json, say
from sv_common.guild_sync.identity_engine import MatchGroup, MatchReport, preview_matching
from sv_common.guild_sync.scheduler import run_full_match


def match(dry_run: DryRunOption = False, guild: GuildOption = None, as_json: JsonOption = False) -> None:
    """Decide who all unlinked characters belong to, create players and link. Look with --dry-run first."""

    async def preview(services: Services) -> MatchReport:
        return await preview_matching(services.pool, guild_id=guild)

    async def work(services: Services) -> MatchReport:
        return (await run_full_match(services.pool, guild_id=guild, outside=services.outside, actor=actor()))[1]

    report = with_services(preview if dry_run else work)
    if as_json:
        print_json(
            {
                "counts": report.counts,
                "attempt_id": report.attempt_id,
                "groups": [_group_json(group) for group in report.groups],
                "left_alone": [{"name": group.name, "reason": group.reason} for group in report.left_alone],
            }
        )
        return
    _print(report, dry_run)


def _group_json(group: MatchGroup) -> dict[str, object]:
    told = {"name": group.name, "reason": group.reason, "creates_player": group.creates_player}
    return {**told, "steps": group.sentences}


def _print(report: MatchReport, dry_run: bool) -> None:
    for group in report.groups:
        say(f"{group.name}: {group.reason}")
        for sentence in group.sentences:
            say(f"  {sentence}")
    for group in report.left_alone:
        say(f"Left alone, {group.name}: {group.reason}")
    counts = report.counts
    done = "would be" if dry_run else "were"
    say(f"{counts['players_created']} players {done} created, {counts['characters_linked']} characters {done} linked.")
    if report.attempt_id is not None:
        say(f"To take all of it back: patt undo {report.attempt_id}")
