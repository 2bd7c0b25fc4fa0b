"""`patt doctor` on a guild that was set up with `patt init`: all is well, and then one thing after the other is broken."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Practice
from sv_common.guild_sync.sources.discord.permissions import Overwrite, Permission


def test_after_the_set_up_all_is_well_and_every_check_is_in_the_document(practice: Practice) -> None:
    assert practice.wrong() == {}
    document = (Path(__file__).parents[2] / "docs" / "setup.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (.+?) \| ", document.partition("| check |")[2], re.MULTILINE)
    assert listed == [name.replace("guild 1", "guild N") for name in practice.examine()]


def test_for_people_each_check_is_a_line_with_its_remedy_below(practice: Practice) -> None:
    well = practice.patt("doctor")
    assert (well.code, "All checks passed." in well.out, "→" in well.out) == (0, True, False)
    practice.simulator.discord.members_intent = False
    outcome = practice.patt("doctor")
    assert outcome.code == 1
    assert (
        "failed  discord members intent  The bot may not read the member list: its Server Members Intent is off."
        in outcome.out
    )
    assert (
        f"→ Switch it on at https://discord.com/developers/applications/{practice.world.bot.user_id}/bot" in outcome.out
    )
    assert "ok      guild 1 discord server  The bot is on the Discord server" in outcome.out
    assert "1 of 23 checks failed." in outcome.out


def _let_others_read_the_settings(practice: Practice) -> None:
    (practice.folder / ".env").chmod(0o644)


def _let_a_job_wait(practice: Practice) -> None:
    practice.change("set search_path = jobs")  # procrastinate's triggers name their tables without a schema
    practice.change("insert into jobs.procrastinate_jobs (queue_name, task_name) values ('default', 'sweep')")
    practice.change("insert into jobs.procrastinate_workers (last_heartbeat) values (now() - interval '5 minutes')")


def _move_the_guild(practice: Practice) -> None:
    practice.world.guild_slug = "elsewhere"


def _switch_the_intent_off(practice: Practice) -> None:
    practice.simulator.discord.members_intent = False


def _take_manage_roles(practice: Practice) -> None:
    practice.world.role_named("PATT").permissions = 0


def _put_one_role_above_the_bots(practice: Practice) -> None:
    practice.world.role_named("Officer").position = 99


def _put_three_roles_above_the_bots(practice: Practice) -> None:
    practice.world.role_named("PATT").position = practice.world.role_named("Veteran").position


def _delete_a_role(practice: Practice) -> None:
    practice.world.roles.remove(practice.world.role_named("Member"))


def _close_the_channel(practice: Practice) -> None:
    officers = practice.world.channel(practice.world.audit_channel_id)
    assert officers is not None
    officers.overwrites = [Overwrite(practice.world.discord_guild_id, False, 0, Permission.EMBED_LINKS)]


def _delete_the_channel(practice: Practice) -> None:
    practice.world.channels = [each for each in practice.world.channels if each.name != "officers"]


def _sql(statement: str) -> Callable[[Practice], None]:
    return lambda practice: practice.change(statement)


def _aged(pipeline: str, interval: str) -> Callable[[Practice], None]:
    return _sql(
        f"update guild_identity.sync_log set started_at = started_at - interval '{interval}', "  # noqa: S608
        f"finished_at = finished_at - interval '{interval}' where pipeline = '{pipeline}'"
    )


@pytest.mark.parametrize(
    ("name", "happens", "message", "remedy"),
    [
        (
            "settings",
            _let_others_read_the_settings,
            "Other users of this computer can read the file .env",
            "chmod 600 .env",
        ),
        ("worker", _let_a_job_wait, "No worker is running. Waiting: 1 job, 0 uploads.", "patt serve"),
        ("guild 1 roster", _move_the_guild, "Battle.net knows no guild 'the-lantern-watch'", "patt init --guild NAME"),
        ("discord members intent", _switch_the_intent_off, "its Server Members Intent is off", "/bot and save."),
        (
            "guild 1 manage roles",
            _take_manage_roles,
            "lacks the permission Manage Roles",
            "&permissions=268454912&guild_id=",
        ),
        (
            "guild 1 rank roles",
            _put_one_role_above_the_bots,
            "The role 'Officer' does not stand below the bot's highest role, 'PATT'",
            "Move the bot's role above 'Officer' in Server Settings → Roles.",
        ),
        (
            "guild 1 rank roles",
            _put_three_roles_above_the_bots,
            "so the bot may not give or take them: 'Guild Master', 'Officer', 'Veteran'.",
            "Move the bot's role above 'Guild Master' in Server Settings → Roles.",
        ),
        ("guild 1 rank roles", _delete_a_role, "The role 'Member' no longer exists", "Map the rank to another role."),
        (
            "guild 1 audit channel",
            _close_the_channel,
            "In #officers the bot lacks: Embed Links.",
            "in the settings of #officers",
        ),
        (
            "guild 1 audit channel",
            _delete_the_channel,
            "has no text channel 830000000000000001",
            "--audit-channel NAME",
        ),
        (
            "guild 1 audit channel",
            _sql("update guild_identity.guilds set audit_channel_id = null"),
            "No channel is set",
            "patt init",
        ),
        ("guild 1 battlenet sync", _aged("battlenet_sync", "50 hours"), "is 2 days old", "patt sync battlenet"),
        (
            "guild 1 discord sync",
            _aged("discord_sync", "3 hours"),
            "is 3 hours old. It should be at most 2 hours old.",
            "patt sync discord",
        ),
        (
            "guild 1 profiles",
            _sql("update guild_identity.character_profiles set fetched_at = fetched_at - interval '3 days'"),
            "is 3 days old. It should be at most 2 days old.",
            "patt sync battlenet",
        ),
        (
            "guild 1 discord sync",
            _sql("delete from guild_identity.sync_log where pipeline = 'discord_sync'"),
            "No data yet.",
            "patt sync discord",
        ),
        (
            "guild 1 export",
            _aged("addon_upload", "8 days"),
            "is 8 days old. It should be at most 7 days old.",
            "/pattsync",
        ),
        (
            "guild 1 export",
            _sql(
                "insert into guild_identity.addon_uploads (guild_id, upload_key_id, content_hash, characters, "
                "character_count, state, finished_at) "
                "select 1, min(id), 'c', '[]', 1, 'failed', now() from common.upload_keys"
            ),
            "These uploads failed and are kept: 1.",
            "patt uploads retry UPLOAD",
        ),
        (
            "guild 1 ranks",
            _sql(
                "update common.guild_ranks set discord_role_id = null, discord_role_name = null, is_role_managed = false "
                "where wow_rank_index = 4"
            ),
            "These ranks have no Discord role yet: 4 (Member, 5 characters).",
            "patt ranks unmap RANK",
        ),
        (
            "guild 1 rank names",
            _sql("update common.guild_ranks set name_in_game = 'Warden' where wow_rank_index = 1"),
            "rank 1 was Officer and is Warden",
            "patt ranks confirm",
        ),
        (
            "guild 1 upload key",
            _sql("update common.upload_keys set revoked_at = now()"),
            "no upload key is valid",
            "patt keys add NAME",
        ),
        (
            "guild 1 runs",
            _sql(
                "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, error, finished_at) "
                "values (1, 'discord_sync', 't', 'failed', 'Discord was away.', now())"
            ),
            "discord_sync failed 1 time within two days: Discord was away.",
            "patt sync discord",
        ),
    ],
)
def test_what_is_broken_is_told_with_its_remedy_and_nothing_else(
    practice: Practice, name: str, happens: Callable[[Practice], None], message: str, remedy: str
) -> None:
    happens(practice)
    wrong = practice.wrong()
    assert list(wrong) == [name]
    said, advice = wrong[name]
    assert message in said
    assert remedy in advice


def test_a_rank_left_without_a_role_and_roles_that_fixes_may_not_touch_are_well(practice: Practice) -> None:
    assert practice.patt("ranks", "unmap", 4).code == 0
    practice.change("update common.guild_ranks set is_role_managed = false")
    _put_three_roles_above_the_bots(practice)
    assert practice.wrong() == {}


def test_a_failure_before_the_last_good_run_and_one_of_last_week_are_forgotten(practice: Practice) -> None:
    practice.change(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, error, started_at, finished_at) "
        "values (1, 'discord_sync', 't', 'failed', 'x', now() - interval '1 hour', now()),"
        "(1, 'sweep', 't', 'failed', 'x', now() - interval '5 days', now() - interval '5 days')"
    )
    practice.change(
        "update guild_identity.sync_log set started_at = now() where pipeline = 'discord_sync' and status = 'done'"
    )
    assert practice.wrong() == {}


def test_a_preview_of_a_ranks_role_says_what_stands_in_the_bots_way(practice: Practice) -> None:
    _put_one_role_above_the_bots(practice)
    preview = practice.patt("settings", "rank", 4, practice.world.role_named("Officer").role_id, "--preview")
    assert (preview.code, "Move the bot's role above 'Officer'" in preview.out) == (0, True), preview


def test_signing_in_with_discord_is_set_up_whole_or_not_at_all(practice: Practice) -> None:
    assert "not set up" in practice.examine()["discord sign-in"]["message"]
    practice.environment.setenv("PATT_DISCORD_CLIENT_ID", "1")
    assert "PATT_DISCORD_CLIENT_SECRET is not set" in practice.wrong()["discord sign-in"][0]
    practice.environment.setenv("PATT_DISCORD_CLIENT_SECRET", "s")
    practice.environment.setenv("PATT_BASE_URL", "https://patt.example.org/")
    redirect = "https://patt.example.org/login/discord/callback"
    assert practice.examine()["discord sign-in"]["message"].endswith(f": {redirect}")
    practice.environment.setenv("PATT_BASE_URL", "http://patt.example.org")
    assert "without encryption" in practice.wrong()["discord sign-in"][0]


def test_a_worker_that_gives_signs_of_life_will_do_the_jobs(practice: Practice) -> None:
    _let_a_job_wait(practice)
    practice.change("insert into jobs.procrastinate_workers default values")
    checks = practice.examine()
    assert (checks["worker"]["ok"], checks["worker"]["message"]) == (True, "1 worker running.")


def test_a_database_that_takes_no_changes_is_told(practice: Practice) -> None:
    name = practice.database.info.dbname
    practice.change(f"alter database {name} set default_transaction_read_only = on")
    wrong = practice.wrong()
    assert list(wrong) == ["database access"]
    assert wrong["database access"][0] == "The database is read-only or a standby, so nothing can be saved."


def test_without_any_guild_the_set_up_is_named(practice: Practice) -> None:
    practice.change("delete from guild_identity.guilds")
    assert practice.wrong() == {"guilds": ("No guild is set up.", "patt init")}


def test_a_guild_without_a_discord_server_is_told(practice: Practice) -> None:
    practice.change("update guild_identity.guilds set discord_guild_id = null")
    assert practice.wrong()["guild 1 discord server"] == ("The guild has no Discord server set.", "patt init")


def test_sources_that_are_away_are_told_each_by_itself(practice: Practice) -> None:
    practice.simulator.faults.status("roster", 503, times=None)
    practice.simulator.faults.status("channels", 502, times=None)
    wrong = practice.wrong()
    assert list(wrong) == ["guild 1 roster", "guild 1 audit channel"]
    assert "Battle.net failed with an error of its own (HTTP 503)" in wrong["guild 1 roster"][0]
    assert "Discord failed with an error of its own (HTTP 502)" in wrong["guild 1 audit channel"][0]


def test_each_guild_is_checked_by_itself(practice: Practice) -> None:
    assert practice.patt("guild", "add", "Others", "--realm", "sector-17").code == 0
    wrong = practice.wrong()
    assert {name.partition(" ")[2][:1] for name in wrong} == {"2"}
    assert "Battle.net knows no guild 'others'" in wrong["guild 2 roster"][0]
    assert wrong["guild 2 ranks"] == ("The guild has no ranks yet. They come with the roster.", "patt sync battlenet")
    assert wrong["guild 2 upload key"][1] == "patt keys add NAME"
