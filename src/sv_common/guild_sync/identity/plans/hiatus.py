"""A player who is away for a while: the changesets that say so, and that say that it is over."""

from __future__ import annotations

from datetime import date

from sv_common.guild_sync.changes import row_changes as change
from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.changes.describe import away
from sv_common.guild_sync.core.errors import BadInput, Refused
from sv_common.guild_sync.core.language import day, tr
from sv_common.guild_sync.core.plain_text import checked_reason
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.identity.facts import GuildFacts, KnownPlayer
from sv_common.guild_sync.identity.plans.linking import SAYS_SO, decided


def set_hiatus(facts: GuildFacts, player: KnownPlayer, until: str | None, reason: str) -> Changeset:
    """Plan that a player is away. Raises `BadInput` for no day or one that has come, `Refused` where it is known already."""
    back, why = _day(until, facts.today), checked_reason(reason) or SAYS_SO
    end = back.isoformat() if back else None
    known = facts.hiatuses.get(player.id)
    if known is not None and known.lasts_on(facts.today) and (known.day, known.reason) == (end, why):
        raise Refused(
            tr(
                "{officer} said already that {player} is {away}.",
                officer=name_of(known.set_by),
                player=player.display_name,
                away=away(back),
            )
        )
    former = {"until": known.day, "reason": known.reason} if known is not None else None
    return decided(
        [change.set_hiatus(player.named, end, why, former=former)],
        tr("{player} is {away}", player=player.display_name, away=away(back)),
    )


def end_hiatus(facts: GuildFacts, player: KnownPlayer) -> Changeset:
    """Plan that a player is back. Raises `Refused` where they are not away."""
    known = facts.hiatuses.get(player.id)
    if known is None:
        raise Refused(tr("{player} is not on hiatus.", player=player.display_name))
    if not known.lasts_on(facts.today):
        raise Refused(
            tr(
                "The hiatus of {player} ended automatically on {day}.",
                player=player.display_name,
                day=day(known.until) if known.until else "",
            )
        )
    return decided([change.end_hiatus(player.named, known.day)], tr("{player} is back", player=player.display_name))


def _day(until: str | None, today: date) -> date | None:
    if not until:
        return None
    try:
        back = date.fromisoformat(until)
    except ValueError as error:
        raise BadInput(
            tr(
                "“{text}” is no day. Write it as year, month and day: {example}.",
                text=until,
                example=today.isoformat(),
            )
        ) from error
    if back <= today:
        raise BadInput(
            tr(
                "{day} does not lie ahead. Give the day on which the player is back, or none.",
                day=day(back),
            )
        )
    return back
