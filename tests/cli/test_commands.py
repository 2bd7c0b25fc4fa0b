"""The command line, as an officer and as a script use it."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from cli.conftest import Patt
from sv_common.db import migrate
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.simulators.addon import saved_variables


def _export(folder: Path, rows: list[dict[str, object]], style: str = "current") -> Path:
    file = folder / "PATTSync.lua"
    text = saved_variables({"PATTSyncDB": {"lastExport": {"characters": rows}}}, style)  # type: ignore[arg-type, dict-item]
    file.write_text(text, encoding="utf-8")
    return file


def _row(name: str, note: str) -> dict[str, object]:
    return {
        "name": name,
        "realm": "Area52",
        "note": note,
        "officerNote": "",
        "rank": 3,
        "rankName": "Social",
        "level": 80,
        "class": "Mage",
        "lastOnline": 5,
    }


@pytest.mark.parametrize("style", ["current", "older"])
def test_upload_reads_both_formats_fixes_what_is_certain_and_says_what_it_did(
    patt: Patt, guild: psycopg.Connection, tmp_path: Path, style: str
) -> None:
    file = _export(tmp_path, [_row("Rivermane", "Mito"), _row("Elrek", "Main"), _row("Ghost", "x")], style)
    outcome = patt("upload", file)
    assert outcome.code == 0
    assert "2 characters, 2 notes changed, 1 mismatch logged, 1 unknown" in outcome.out
    assert "Not in the roster, so skipped: Ghost-Area52." in outcome.out
    assert "run_auto_mitigations: 1 fixed" in outcome.out
    assert guild.execute(
        "select player_id from guild_identity.player_characters where character_id = 3"
    ).fetchone() == (2,)


def test_upload_as_json_gives_the_pipeline(patt: Patt, guild: psycopg.Connection, tmp_path: Path) -> None:
    report = patt("upload", _export(tmp_path, [_row("Rivermane", "Mito")]), "--json").json
    assert (report["name"], report["status"]) == ("addon_upload", "done")
    assert report["steps"][0]["name"] == "sync"
    assert guild.execute("select count(*) from guild_identity.sync_log").fetchone() == (1,)


def test_rules_lists_all_five_with_their_counts(patt: Patt, guild: psycopg.Connection) -> None:
    assert patt("scan").code == 0
    rules = {rule["issue_type"]: rule for rule in patt("rules", "--json").json}
    assert list(rules) == list(RULES)
    assert (rules["orphan_wow"]["open"], rules["orphan_wow"]["waiting"]) == (1, 1)
    assert "orphan_wow" in patt("rules").out


def test_an_issue_can_be_listed_shown_dismissed_reopened_and_resolved(patt: Patt, guild: psycopg.Connection) -> None:
    patt("scan", "orphan_wow")
    (issue,) = patt("issues", "--json").json["items"]
    number = issue["id"]
    assert "'Stranger' has no player link" in patt("show", number).out
    dismissed = patt("dismiss", number, "--reason", "a bank", "--until", "2099-01-01", "--json").json
    assert (dismissed["state"], dismissed["dismissed_reason"]) == ("dismissed", "a bank")
    assert patt("scan").code == 0
    assert patt("issues", "--json").json["total"] == 0
    assert patt("issues", "--state", "dismissed", "--json").json["total"] == 1
    assert "is open" in patt("reopen", number).out
    assert "is resolved" in patt("resolve", number, "--reason", "asked him").out
    events = [event["event"] for event in patt("show", number, "--json").json["events"]]
    assert events == ["opened", "dismissed", "reopened", "resolved"]


def test_everything_is_found_with_its_number_and_why(patt: Patt, guild: psycopg.Connection) -> None:
    assert patt("scan").code == 0
    found = {group["name"]: group for group in patt("find", "strang", "--json").json["groups"]}
    (hit,) = found["characters"]["hits"]
    assert (hit["id"], hit["title"], hit["why"]) == (
        4,
        "Stranger-area-52",
        "level 80 class unknown · no rank · no player",
    )
    assert found["issues"]["total"] == 1
    assert "note: hi there" in patt("find", "hi", "there").out
    assert "#4" in patt("find", "Stranger").out
    assert patt("find", "create", "an", "upload", "key").out.count("/admin/settings/keys") == 1
    rows = [hit for group in patt("find", "#1", "--json").json["groups"] for hit in group["hits"]]
    assert [(hit["kind"], hit["id"]) for hit in rows] == [("player", 1), ("character", 1), ("issue", 1)]
    assert "Nothing matches “[bold]x”" in patt("find", "[bold]x").out
    assert patt("find", "x" * 900).code == 0


def test_fix_shows_its_plan_first_applies_it_and_can_be_undone(patt: Patt, guild: psycopg.Connection) -> None:
    guild.execute(
        "update guild_identity.wow_characters set guild_note = 'alt of Mito' where character_name = 'Stranger'"
    )
    patt("scan")
    number = patt("issues", "--json").json["items"][0]["id"]
    told = patt("show", number).out
    assert "So it means the player Mito." in told
    assert "Mito (the fix uses this one)" in told
    dry = patt("fix", number, "--dry-run")
    assert "Link Stranger-area-52 to Mito" in dry.out
    assert "Nothing was changed" in dry.out
    assert patt("issues", "--json").json["total"] == 1
    done = patt("fix", number)
    attempt = re.search(r"patt undo (\d+)", done.out)
    assert (done.code, attempt is not None) == (0, True)
    assert patt("issues", "--json").json["total"] == 0
    assert attempt is not None
    preview = patt("undo", attempt.group(1), "--dry-run")
    assert (preview.code, "Player of Stranger-area-52" in preview.out) == (0, True)
    assert "Undone: Link Stranger-area-52 to Mito" in patt("undo", attempt.group(1)).out
    assert patt("issues", "--json").json["total"] == 1
    again = patt("undo", attempt.group(1), "--dry-run")
    assert (again.code, "was undone already" in again.out) == (1, True)
    assert patt("undo", attempt.group(1)).refuses("was undone already")


def test_a_fix_that_cannot_be_made_says_why_and_exits_with_1(patt: Patt, guild: psycopg.Connection) -> None:
    patt("scan")
    outcome = patt("fix", patt("issues", "--json").json["items"][0]["id"])
    assert outcome.code == 1
    assert "The note and the name match no one." in outcome.out


def test_fix_all_previews_and_fixes_one_rule(patt: Patt, guild: psycopg.Connection) -> None:
    guild.execute("update guild_identity.wow_characters set guild_note = 'Mito' where character_name = 'Stranger'")
    patt("scan")
    assert "1 would be fixed. Nothing was changed." in patt("fix-all", "orphan_wow", "--dry-run").out
    (result,) = patt("fix-all", "orphan_wow", "--json").json
    assert (result["outcome"], result["steps"][0]["table"]) == ("fixed", "link")


def test_match_previews_applies_and_can_be_undone(patt: Patt, guild: psycopg.Connection) -> None:
    guild.execute("update guild_identity.wow_characters set guild_note = 'Mito' where character_name = 'Stranger'")
    preview = patt("match", "--dry-run", "--json").json
    assert (preview["attempt_id"], preview["counts"]["characters_linked"]) == (None, 1)
    assert guild.execute("select count(*) from guild_identity.player_characters").fetchone() == (3,)
    applied = patt("match", "--json").json
    assert applied["groups"] == preview["groups"]
    assert patt("undo", applied["attempt_id"]).code == 0
    assert guild.execute("select count(*) from guild_identity.player_characters").fetchone() == (3,)


def test_of_a_match_what_can_be_undone_is_undone_when_it_is_asked_for(patt: Patt, guild: psycopg.Connection) -> None:
    guild.execute("update guild_identity.wow_characters set guild_note = 'Mito' where character_name = 'Stranger'")
    guild.execute(
        "insert into guild_identity.wow_characters (guild_id, character_name, name_key, realm_slug, realm_key, rank_index, "
        "guild_note) values (1, 'Second', 'second', 'area-52', 'area52', 3, 'Elrek')"
    )
    attempt = patt("match", "--json").json["attempt_id"]
    assert patt("unlink", "Stranger").code == 0
    assert patt("undo", attempt).code == 1
    preview = patt("undo", attempt, "--dry-run")
    assert (preview.code, "With --partly it can be undone for 1 person." in preview.out) == (1, True)
    assert "Player of Second-area-52" in preview.out
    done = patt("undo", attempt, "--partly")
    assert done.code == 0
    assert re.search(r"Not undone: Mito: \S+ unlinked Stranger-area-52 from Mito on ", done.out), done.out
    assert patt("undo", attempt, "--partly").code == 1


def test_a_manual_link_is_previewed_made_and_undone(patt: Patt, guild: psycopg.Connection) -> None:
    dry = patt("link", "Stranger", "Mito", "--dry-run")
    assert "Link Stranger-area-52 to Mito." in dry.out
    assert "Nothing was changed." in dry.out
    attempt = patt("link", "Stranger", "Mito", "--json").json["attempt_id"]
    assert guild.execute("select count(*) from guild_identity.player_characters").fetchone() == (4,)
    assert patt("unlink", "Stranger").code == 0
    assert patt("undo", attempt).code == 1
    assert guild.execute("select count(*) from guild_identity.player_characters").fetchone() == (3,)


def test_not_this_player_is_remembered(patt: Patt, guild: psycopg.Connection) -> None:
    done = patt("reject", "Rivermane", "Elrek", "--reason", "another Elrek")
    assert "Rule out Rivermane-area-52 for Elrek: another Elrek" in done.out
    assert patt("link", "Rivermane", "Elrek").refuses("ruled out Elrek for")


def test_two_players_are_merged_after_a_look_and_taken_apart_again(patt: Patt, guild: psycopg.Connection) -> None:
    players = "select id, display_name from guild_identity.players order by id"
    dry = patt("merge", "Mito", "Elrek", "--dry-run")
    for words in (
        "Move Rivermane-area-52 from Elrek to Mito: an officer merged Elrek into Mito.",
        "Delete the player Elrek, merged into Mito.",
        "Nothing was changed.",
    ):
        assert words in dry.out
    assert guild.execute(players).fetchall() == [(1, "Elrek"), (2, "Mito")]
    done = patt("merge", "Mito", "Elrek", "--json").json
    assert done["reason"] == "Elrek is merged into Mito."
    assert guild.execute(players).fetchall() == [(2, "Mito")]
    assert patt("undo", done["attempt_id"]).code == 0
    assert guild.execute(players).fetchall() == [(1, "Elrek"), (2, "Mito")]


def test_a_rejection_and_a_discord_member_are_undone(patt: Patt, guild: psycopg.Connection) -> None:
    guild.execute(
        "with member as (insert into guild_identity.discord_users (guild_id, discord_id, username, display_name) "
        "values (1, '8001', 'mito', 'Mito') returning id) "
        "update guild_identity.players set discord_user_id = member.id from member where display_name = 'Mito'"
    )
    patt("reject", "Rivermane", "Elrek")
    assert "Allow Rivermane-area-52 for Elrek again." in patt("allow", "Rivermane", "Elrek").out
    assert patt("link", "Rivermane", "Elrek").code == 0
    assert "Unlink Mito from the Discord member Mito." in patt("unlink-member", "Mito").out


def test_a_link_is_confirmed_and_shown_with_what_it_rests_on(patt: Patt, guild: psycopg.Connection) -> None:
    guild.execute("update guild_identity.wow_characters set guild_note = 'Zork' where character_name = 'Rivermane'")
    patt("scan")
    ((issue,),) = guild.execute(
        "select id from guild_identity.audit_issues where issue_type = 'note_mismatch'"
    ).fetchall()
    assert "The link is based on the note “an earlier note” alone (not confirmed)." in patt("show", issue).out
    assert "Confirm that Rivermane-area-52 belongs to Elrek." in patt("confirm", "Rivermane").out
    told = patt("show", issue).out
    assert "The link is based on a decision by " in told
    assert "The note has not changed since Rivermane-area-52 was linked." in told
    assert patt("confirm", "Rivermane").refuses("by an officer")
    assert (patt("confirm", "Stranger").code, patt("unlink", "Rivermane").code) == (1, 0)


def test_a_member_taken_from_a_player_may_be_given_back(patt: Patt, guild: psycopg.Connection) -> None:
    guild.execute(
        "insert into guild_identity.discord_users (guild_id, discord_id, username, display_name) "
        "values (1, '8001', 'mito', 'Mito')"
    )
    patt("link-member", "Mito", "mito")
    assert "Rule out the Discord member Mito for Mito" in patt("unlink-member", "Mito").out
    assert "Allow the Discord member Mito for Mito again." in patt("allow-member", "Mito", "mito").out
    assert patt("allow-member", "Mito", "mito").refuses("is not ruled out")


def test_a_discord_member_is_decided_to_be_a_player_or_to_have_a_character(
    patt: Patt, guild: psycopg.Connection
) -> None:
    guild.execute(
        "insert into guild_identity.discord_users (guild_id, discord_id, username, display_name) "
        "values (1, '8001', 'mito', 'Mito the Bold'), (1, '8002', 'ada', 'Ada')"
    )
    said = "Link Mito to the Discord member Mito the Bold."
    assert said in patt("link-member", "Mito", "8001", "--dry-run").out
    assert said in patt("link-member", "Mito", "@mito").out
    made = "Create the player Ada, Discord member Ada, main Stranger-area-52."
    assert made in patt("link-to-member", "Stranger", "ada").out


def test_a_guild_says_which_words_are_no_names(patt: Patt, guild: psycopg.Connection) -> None:
    assert patt("words", "add", "Nightcrew", "role").code == 0
    assert patt("words", "remove", "Holy").code == 0
    said = {each["word"]: each["category"] for each in patt("words", "list", "--json").json}
    assert said == {"nightcrew": "role", "holy": None}
    assert patt("words", "reset", "nightcrew").code == 0
    assert patt("words", "reset", "nightcrew").refuses("has no setting for the word")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["unlink-member", "Mito"], "has no Discord member to unlink"),
        (["words", "add", "123", "role"], "has no letter"),
        (["show", "999"], "Issue 999 does not exist."),
        (["scan", "nonsense"], "Rule “nonsense” does not exist. The rules are: note_mismatch, orphan_wow"),
        (["issues", "--guild", "9"], "Guild 9 does not exist."),
        (["sync", "battlenet"], "PATT_BLIZZARD_CLIENT_ID"),
        (["sync", "discord"], "PATT_DISCORD_BOT_TOKEN"),
        (
            ["guild", "add", "X", "--realm", "y", "--region", "cn"],
            "“cn” is not a region of Battle.net. Use one of: us, eu, kr, tw.",
        ),
        (["guild", "add", "X", "--realm", "y", "--discord-server", "7000"], "belongs to another guild"),
        (["guild", "add", "X", "--realm", "y", "--discord-server", "ours"], "are numbers"),
        (["ranks", "map", "3", "Officer"], "is not a Discord role id"),
        (["ranks", "unmap", "5"], "The guild has no rank 5."),
        (["upload", "missing.lua"], "missing.lua cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_1(
    patt: Patt, guild: psycopg.Connection, arguments: list[str], sentence: str
) -> None:
    outcome = patt(*arguments)
    assert outcome.refuses(sentence)
    assert "Traceback" not in outcome.err
    assert guild.execute("select count(*) from guild_identity.audit_issues").fetchone() == (0,)


def test_a_database_without_a_guild_says_what_to_do(patt: Patt) -> None:
    outcome = patt("rules")
    assert (outcome.code, outcome.err.strip()) == (1, "No guild is set up yet. Add one first.")


def test_a_rank_is_mapped_and_then_left_without_a_role_on_purpose(patt: Patt, guild: psycopg.Connection) -> None:
    assert patt("ranks", "map", 3, "4711", "--name", "Social").code == 0
    (rank,) = patt("ranks", "list", "--json").json
    assert (rank["discord_role_id"], rank["discord_role_name"], rank["is_role_managed"]) == ("4711", "Social", True)
    assert "maps to no Discord role" in patt("ranks", "unmap", 3).out
    (rank,) = patt("ranks", "list", "--json").json
    assert (rank["discord_role_id"], rank["is_role_managed"], rank["is_without_role"]) == (None, False, True)
    assert "none, on purpose" in patt("ranks", "list").out


def test_confirming_the_ranks_names_those_that_are_left_without_a_role(patt: Patt, guild: psycopg.Connection) -> None:
    patt("ranks", "map", 3, "4711", "--name", "Social")
    guild.execute(
        "insert into common.guild_ranks (guild_id, wow_rank_index, name, name_in_game, level) "
        "values (1, 4, 'Social', 'Social', 6)"
    )
    guild.execute("update common.guild_ranks set name_in_game = 'Veteran' where wow_rank_index = 3")
    guild.execute("update guild_identity.wow_characters set guild_rank_id = (select max(id) from common.guild_ranks)")
    said = " ".join(patt("ranks", "confirm").out.split())
    assert said.startswith("1 rank name confirmed. These ranks have no Discord role yet: 3 (Veteran).")
    roles = {rank["name"]: rank["discord_role_id"] for rank in patt("ranks", "list", "--json").json}
    assert roles == {"Veteran": None, "Social": "4711"}


def test_admin_link_prints_a_link_to_sign_in_and_admin_token_a_token(patt: Patt, guild: psycopg.Connection) -> None:
    assert re.search(r"http://127\.0\.0\.1:8000/login/\S{20,}", patt("admin", "link").out)
    assert len(patt("admin", "token", "script").out.strip()) >= 20
    assert guild.execute("select count(*) from common.api_tokens").fetchone() == (1,)


def test_db_upgrade_and_status_tell_the_schema(patt: Patt) -> None:
    newest = migrate.newest_revision()
    assert f"The database has the schema {newest}." in patt("db", "upgrade").out
    assert patt("db", "status", "--json").json == {"current": newest, "newest": newest}


@pytest.mark.own_database
def test_a_database_that_goes_away_ends_a_command_with_a_sentence(patt: Patt, database: psycopg.Connection) -> None:
    database.execute(
        "create function guild_identity.leave() returns trigger language plpgsql as "
        "$$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$"
    )
    database.execute(
        "create trigger leave before insert on guild_identity.guilds "
        "for each row execute function guild_identity.leave()"
    )
    outcome = patt("guild", "add", "Lantern Watch", "--realm", "area-52")
    assert outcome.refuses("The database stopped answering")
    assert "patt doctor" in outcome.err


@pytest.mark.own_database
def test_an_upgrade_refuses_a_database_of_a_newer_version(patt: Patt, database: psycopg.Connection) -> None:
    database.execute("update public.alembic_version set version_num = '9999'")
    assert patt("db", "upgrade").refuses("the schema 9999, which this version of PATT does not know")


def test_numbers_of_rows_are_taken_with_their_sign(patt: Patt, guild: psycopg.Connection) -> None:
    patt("scan", "orphan_wow")
    (issue,) = patt("issues", "--json").json["items"]
    assert "'Stranger' has no player link" in patt("show", f"#{issue['id']}").out
    assert patt("dismiss", f"#{issue['id']}", "--reason", "a bank", "--guild", "1").code == 2
    assert patt("dismiss", f"#{issue['id']}", "--reason", "a bank").code == 0
    linked = patt("link", "#4", "#2", "--guild", "#1", "--json")
    assert linked.code == 0
    assert patt("undo", f"#{linked.json['attempt_id']}").code == 0
    wrong = patt("show", "twelve")
    assert wrong.code == 2
    assert "“twelve” is not a number. Write 12, or '#12'" in " ".join(wrong.err.replace("│", " ").split())


def test_a_dismissal_that_hides_nothing_any_more_is_listed_and_removed(patt: Patt, guild: psycopg.Connection) -> None:
    patt("scan", "orphan_wow")
    (issue,) = patt("issues", "--json").json["items"]
    assert patt("dismiss", issue["id"], "--reason", "a bank").code == 0
    assert patt("dismissals", "--idle", "--json").json["total"] == 0
    assert patt("link", "Stranger", "Mito").code == 0
    (idle,) = patt("dismissals", "--idle", "--json").json["items"]
    assert (idle["issue"]["id"], idle["why_idle"]) == (issue["id"], "No longer found.")
    assert "No longer found." in patt("dismissals").out
    assert patt("reopen", issue["id"]).code == 0
    assert patt("dismissals", "--json").json["total"] == 0


def test_the_rules_end_with_how_much_is_known_and_what_to_do_next(patt: Patt, guild: psycopg.Connection) -> None:
    known = patt("inbox", "list", "--json").json  # with the ages of sources, which are lengths of time
    assert known["sources"]
    told = patt("rules").out
    assert f"{known['known']} of {known['total']} character" in " ".join(told.split())
