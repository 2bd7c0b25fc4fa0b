"""The set-up of a guild: its steps in order, and what happens when one fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from patt.setup.session import SetupSession, StepSkipped
from patt.setup.steps.data import address_of_pages, first_export, first_key, first_members, first_roster
from patt.setup.steps.guild import battle_net, discord_bot, which_channel, which_guild, which_server
from patt.setup.steps.ranks import rank_table
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.core.language import mark, tr


@dataclass(frozen=True, slots=True)
class Step:
    """One step. Run again, it shows what is set up and changes nothing."""

    name: str
    title: str
    take: Callable[[SetupSession], Awaitable[None]]


STEPS = (
    Step("battlenet", "Battle.net", battle_net),
    Step("guild", mark("The guild"), which_guild),
    Step("discord", mark("The Discord bot"), discord_bot),
    Step("server", mark("The guild's Discord server"), which_server),
    Step("channel", mark("The channel for summaries"), which_channel),
    Step("roster", mark("The roster"), first_roster),
    Step("export", mark("The addon's export"), first_export),
    Step("ranks", mark("The Discord role of each rank"), rank_table),
    # After the ranks, so that the first sync of the members knows which roles they should have.
    Step("members", mark("The Discord members"), first_members),
    Step("address", mark("The address of the pages"), address_of_pages),
    Step("key", mark("The first upload key"), first_key),
)


async def set_up(session: SetupSession, left_out: Collection[str] = ()) -> list[str]:
    """Run every step but those left out; return the names of the steps that are not done.

    Raises the `PattError` of a step that failed, if there is no user to decide about another try. What earlier steps have
    done is kept.
    """
    not_done = []
    for number, step in enumerate(STEPS, start=1):
        session.dialogue.begin(step.name, f"{number}/{len(STEPS)}  {tr(step.title)}")
        if step.name in left_out:
            session.dialogue.say(tr("Skipped."))
            not_done.append(step.name)
        elif not await _take(session, step):
            not_done.append(step.name)
    return not_done


async def _take(session: SetupSession, step: Step) -> bool:
    while True:
        try:
            await step.take(session)
        except StepSkipped as reason:
            session.dialogue.say(tr("Later: {reason}.", reason=reason))
            return False
        except PattError as error:
            if not session.dialogue.is_interactive:
                raise
            session.dialogue.complain(error)
            if not session.dialogue.try_again():
                return False
        else:
            return True
