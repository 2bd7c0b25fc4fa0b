"""The steps that make the sources speak: credentials of Battle.net, token of the Discord bot."""

from __future__ import annotations

from patt.setup.bench import Bench
from sv_common.guild_sync.clients.discord_wire import INTENT_REMEDY
from sv_common.guild_sync.domain.errors import SourceDenied

_CLIENT_ID, _CLIENT_SECRET, _TOKEN = "battlenet-client-id", "battlenet-client-secret", "discord-bot-token"  # options


async def battle_net(bench: Bench) -> None:
    """Have credentials that Battle.net accepts. Raises SourceError and `StepSkipped`."""
    dialogue, settings = bench.dialogue, bench.settings
    is_set = bool(settings.blizzard_client_id and settings.blizzard_client_secret)
    if is_set and not (dialogue.given(_CLIENT_ID) or dialogue.given(_CLIENT_SECRET)):
        try:
            await bench.require_battle_net().check_credentials()
        except SourceDenied as error:
            if not dialogue.is_interactive:
                raise
            dialogue.complain(error)
        else:
            dialogue.say("Battle.net accepts the client id and the client secret that are set.")
            return
    dialogue.say(
        "Make a client at https://develop.battle.net (API Access → Create Client; any name will do), and copy its client id "
        "and client secret."
    )
    values = {
        "blizzard_client_id": dialogue.ask(_CLIENT_ID, "Client id"),
        "blizzard_client_secret": dialogue.ask(_CLIENT_SECRET, "Client secret", is_secret=True),
    }
    await bench.trying(values).require_battle_net().check_credentials()
    bench.keep(values)
    dialogue.say("Battle.net accepts them. They are kept in the file .env.")


async def discord_bot(bench: Bench) -> None:
    """Have a token that Discord accepts, of a bot that may read the member list. Raises SourceError and `StepSkipped`."""
    dialogue = bench.dialogue
    if bench.settings.discord_bot_token and not dialogue.given(_TOKEN):
        try:
            application = await bench.require_discord().fetch_application()
        except SourceDenied as error:
            if not dialogue.is_interactive:
                raise
            dialogue.complain(error)
        else:
            dialogue.say(f"Discord knows the bot as “{application.name}”.")
            _refuse_without_intent(sees_members=application.sees_members)
            return
    dialogue.say(
        "Make an application at https://discord.com/developers/applications. On its page Bot, switch on the Server Members "
        "Intent, save, and copy the token that Reset Token shows."
    )
    values = {"discord_bot_token": dialogue.ask(_TOKEN, "Token of the bot", is_secret=True)}
    application = await bench.trying(values).require_discord().fetch_application()
    bench.keep(values)
    dialogue.say(f"Discord knows the bot as “{application.name}”. Its token is kept in the file .env.")
    _refuse_without_intent(sees_members=application.sees_members)


def _refuse_without_intent(*, sees_members: bool) -> None:
    if not sees_members:
        raise SourceDenied(INTENT_REMEDY)
