"""Which roles `patt init` maps the ranks to: those it suggests, those that were named, and what it says of the others."""

from __future__ import annotations

from pathlib import Path

import psycopg

from cli.conftest import Init, Patt
from cli.mapped_ranks import NAMED, mapping
from sv_common.guild_sync.simulators import GuildWorld, addon
from sv_common.guild_sync.simulators.model import WorldRole


def test_while_the_names_of_ranks_are_unknown_only_the_guild_masters_role_is_suggested(
    init: Init, database: psycopg.Connection
) -> None:
    outcome = init()
    assert outcome.code == 0
    assert "Rank names come with the addon's export." in outcome.out
    assert "Ranks without a role yet: 1, 2, 4, 6." in outcome.out
    assert mapping(database) == {0: "Guild Master", 1: None, 2: None, 4: None, 6: None}


def test_with_the_first_export_the_other_roles_are_suggested_too(
    init: Init, export: str, database: psycopg.Connection
) -> None:
    assert init().code == 0
    assert init(export=export).code == 0
    assert mapping(database) == NAMED


def test_an_export_of_another_guild_is_not_taken_in(init: Init, export: str, database: psycopg.Connection) -> None:
    text = Path(export).read_text(encoding="utf-8").replace("The Lantern Watch", "The Others")
    Path(export).write_text(text, encoding="utf-8")
    assert init(export=export).refuses("This export is from “The Others”, not “The Lantern Watch”")
    named = database.execute("select count(*) from common.guild_ranks where name_in_game is not null").fetchone()
    assert named == (0,)


def test_ranks_are_mapped_by_number_to_roles_by_name_or_id_or_to_none_on_purpose(
    init: Init, world: GuildWorld, database: psycopg.Connection
) -> None:
    raider = world.role_named("Raider")
    outcome = init(
        "--map", "1=officer", "--map", f"2={raider.role_id}", "--map", "4=Raider", "--map", "6=none", "--no-managed"
    )
    assert outcome.code == 0, outcome.err
    rows = database.execute(
        "select wow_rank_index, discord_role_name, is_role_managed, is_without_role from common.guild_ranks order by 1"
    ).fetchall()
    assert rows == [
        (0, "Guild Master", False, False),
        (1, "Officer", False, False),
        (2, "Raider", False, False),
        (4, "Raider", False, False),
        (6, None, False, True),
    ]


def test_two_roles_of_one_name_are_told_apart_by_their_id(init: Init, world: GuildWorld) -> None:
    world.roles.append(WorldRole("820000000000000099", "Officer", 1))
    assert init(map="1=Officer").refuses("Several roles are named “Officer”. Give the role's id")


def test_roles_that_the_bot_cannot_give_are_mapped_with_a_word_of_what_to_move(
    init: Init, export: str, world: GuildWorld, database: psycopg.Connection
) -> None:
    world.role_named("PATT").position = world.role_named("Veteran").position
    outcome = init(export=export)
    assert outcome.code == 0
    assert (
        "may not give or take them: 'Guild Master', 'Officer', 'Veteran'. Move the bot's role above 'Guild Master'"
        in outcome.out
    )
    assert mapping(database) == NAMED


def test_a_bot_that_may_not_manage_roles_is_told_and_does_not_stop_the_set_up(init: Init, world: GuildWorld) -> None:
    world.role_named("PATT").permissions = 0
    outcome = init()
    assert outcome.code == 0
    assert "! The bot lacks the permission Manage Roles, so no fix can give or take a role." in outcome.out


def test_names_that_changed_in_the_game_are_shown_and_wait_for_an_officer(
    init: Init, patt: Patt, workplace: Path, world: GuildWorld, export: str
) -> None:
    assert init(export=export).code == 0
    world.rank_names[1] = "Warden"
    Path(export).write_text(addon.render(world), encoding="utf-8")
    outcome = init(export=export)
    assert outcome.code == 0
    assert "! Rank 1 is “Warden” in the game now. It was “Officer” when you mapped it." in outcome.out
    assert "Until you confirm them, no roles are compared." in outcome.out
    assert [rank["name"] for rank in patt("ranks", "list", "--json").json][1] == "Officer"
