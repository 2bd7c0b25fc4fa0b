"""`patt init` as a person uses it: at a real terminal, with slips, second tries and things done elsewhere in between."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals for programs", allow_module_level=True)

from cli.conftest import addresses_of
from cli.terminal import Terminal, patt_at_a_terminal
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld, addon
from sv_common.guild_sync.sources.discord.permissions import Overwrite, Permission

AGAIN = "s: leave this step for later"


@pytest.fixture
def settings(simulator: GuildSimulator, database_url: str) -> dict[str, str]:
    return {**addresses_of(simulator), "PATT_DATABASE_URL": database_url}


@contextmanager
def patt_init(folder: Path, settings: dict[str, str], simulator: GuildSimulator) -> Iterator[Terminal]:
    """Run `patt init` at a terminal, and see at its end that no secret was ever shown."""
    with patt_at_a_terminal(folder, settings, "init") as terminal:
        yield terminal
    assert simulator.client_secret not in terminal.shown
    assert simulator.discord_token not in terminal.shown


def give_credentials(terminal: Terminal, simulator: GuildSimulator) -> None:
    terminal.answer("Client id", simulator.client_id)
    terminal.answer("Client secret", simulator.client_secret)


def name_the_guild(terminal: Terminal, realm: str, guild: str) -> None:
    terminal.answer("Region", "")
    terminal.answer("Realm", realm)
    terminal.answer("Name of the guild", guild)


def test_an_officer_with_slips_and_second_thoughts_gets_the_guild_set_up(
    settings: dict[str, str], simulator: GuildSimulator, world: GuildWorld, database: psycopg.Connection, tmp_path: Path
) -> None:
    simulator.discord.members_intent = simulator.discord.is_invited = False
    officers = world.channel(world.audit_channel_id)
    assert officers is not None
    officers.overwrites = [Overwrite(world.discord_guild_id, False, 0, Permission.SEND_MESSAGES)]
    export = tmp_path / "PATTSync.lua"
    export.write_text(addon.render(world), encoding="utf-8")
    with patt_init(tmp_path, settings, simulator) as terminal:
        terminal.answer("Client id", "wrong")
        terminal.answer("Client secret", "mistyped")
        assert "Battle.net rejected the client id or the client secret" in terminal.answer(AGAIN, "")
        give_credentials(terminal, simulator)
        name_the_guild(terminal, "Mal Toriht", "The Lantern Watch")
        assert "Did you mean Mal'Torith?" in terminal.answer(AGAIN, "")
        name_the_guild(terminal, "maltorith", "the lantern watch")
        terminal.answer("Token of the bot", "mistyped")
        assert "Discord rejected the bot's token" in terminal.answer(AGAIN, "")
        terminal.answer("Token of the bot", simulator.discord_token)
        assert "Switch on the Server Members Intent" in terminal.answer(AGAIN, "")
        assert "Switch on the Server Members Intent" in terminal.wait_for(AGAIN)
        simulator.discord.members_intent = True
        terminal.type("")
        assert "&scope=bot&permissions=268454912" in terminal.wait_for(AGAIN)
        simulator.discord.is_invited = True
        terminal.type("")
        assert "#officers (the bot lacks Send Messages, Embed Links)" in terminal.answer("Channel for summaries", "9")
        assert "“9” is not a choice." in terminal.answer("Channel for summaries", "2")
        assert "In #officers the bot lacks Send Messages, Embed Links." in terminal.wait_for(AGAIN)
        officers.overwrites = []
        terminal.type("")
        terminal.answer("Channel for summaries", "2")
        terminal.answer("File PATTSync.lua", str(export))
        terminal.answer("Use the suggestions", "2")
        terminal.answer("Role of rank 0, Guild Master", "")
        terminal.answer("Role of rank 1, Officer", "")
        terminal.answer("Role of rank 2, Veteran", "Raider")
        terminal.answer("Role of rank 4, Member", "no role")
        terminal.answer("Role of rank 6, Social", "decide later")
        terminal.answer("May PATT", "perhaps")
        terminal.answer("May PATT", "n")
        terminal.answer("Address of the pages", "patt.example.org")
        assert "is not a web address" in terminal.answer(AGAIN, "")
        terminal.answer("Address of the pages", "https://patt.example.org")
        terminal.answer("Who gets the first upload key", "Bob")
        terminal.wait_for("patt watch\n")
        terminal.wait_for("The code, shown only once: ")
        assert terminal.end() == 0
    rows = database.execute(
        "select wow_rank_index, discord_role_name, is_role_managed, is_without_role from common.guild_ranks order by 1"
    ).fetchall()
    assert rows == [
        (0, "Guild Master", False, False),
        (1, "Officer", False, False),
        (2, "Raider", False, False),
        (4, None, False, True),
        (6, None, False, False),
    ]


def test_taken_up_again_only_what_is_missing_is_asked_for(
    settings: dict[str, str], simulator: GuildSimulator, database: psycopg.Connection, tmp_path: Path
) -> None:
    with patt_init(tmp_path, settings, simulator) as terminal:
        give_credentials(terminal, simulator)
        name_the_guild(terminal, "Mal'Torith", "The Lantern Watch")
        terminal.answer("Token of the bot", "")
        assert "Later: no answer." in terminal.answer("File PATTSync.lua", "")
        terminal.answer("Address of the pages", "")
        terminal.answer("Who gets the first upload key", "")
        assert terminal.end() == 0
        assert "continues with: discord, server, channel, export, ranks, members" in terminal.shown
    with patt_init(tmp_path, settings, simulator) as terminal:
        assert "Guild 1 is The Lantern Watch" in terminal.answer("Token of the bot", simulator.discord_token)
        terminal.answer("Channel for summaries", "officers")
        assert "ago." in terminal.answer("File PATTSync.lua", "")
        terminal.answer("Use the suggestions", "none of them, now")
        assert terminal.end() == 0
        assert "continues with: export" in terminal.shown
    assert database.execute("select count(*) from common.upload_keys").fetchone() == (1,)


def test_a_games_export_is_found_and_ctrl_c_ends_at_once_and_keeps_what_was_done(
    settings: dict[str, str], simulator: GuildSimulator, database: psycopg.Connection, tmp_path: Path
) -> None:
    folder = "Applications" if sys.platform == "darwin" else ".wine/drive_c/Program Files"
    saved = tmp_path / folder / "World of Warcraft" / "_retail_" / "WTF" / "Account" / "A#1" / "SavedVariables"
    saved.mkdir(parents=True)
    (saved / "PATTSync.lua").write_text(addon.render(simulator.world), encoding="utf-8")
    secrets = {
        "PATT_BLIZZARD_CLIENT_ID": simulator.client_id,
        "PATT_BLIZZARD_CLIENT_SECRET": simulator.client_secret,
        "PATT_DISCORD_BOT_TOKEN": simulator.discord_token,
    }
    with patt_init(tmp_path, {**settings, **secrets, "HOME": str(tmp_path)}, simulator) as terminal:
        name_the_guild(terminal, "Mal'Torith", "The Lantern Watch")
        terminal.answer("Channel for summaries", "")
        terminal.answer("Read /", "")
        terminal.answer("Use the suggestions", "all of them")
        terminal.answer("May PATT", "")
        assert "ranks saved" in terminal.wait_for("Address of the pages")
        terminal.wait_for(": ")
        terminal.interrupt_until("Stopped. Finished steps are kept; “patt init” continues from there.")
        assert terminal.end() == 130
        assert "Traceback" not in terminal.shown
    assert database.execute("select count(*) from common.guild_ranks where is_role_managed").fetchone() == (5,)
