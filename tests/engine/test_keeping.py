"""For how long data is kept: settings with preview and undo, batches, what stays, and the window of undo."""

from __future__ import annotations

from datetime import timedelta

import pytest

from guild_builder import ROLE_OF_RANK, SOCIAL, GuildBuilder
from laws.passing import let_days_pass
from sv_common.db.pool import GuildConnection, counting_statements
from sv_common.guild_sync.core.errors import BadInput, Refused
from sv_common.guild_sync.core.paging import Page
from sv_common.guild_sync.identity.decisions import SetHiatus, UnlinkCharacter
from sv_common.guild_sync.insights.last_change import last_change_of
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.keeping import cleaning
from sv_common.guild_sync.keeping.cleaning import AccessLives, clean, clean_daily
from sv_common.guild_sync.mitigations import undo
from sv_common.guild_sync.settings import changes, retention
from sv_common.guild_sync.settings.changes import SettingChange
from sv_common.guild_sync.settings.lives import LIVES
from sv_common.guild_sync.settings.requests import RetentionRequest, SettingRequest, UndoRequest
from sv_common.guild_sync.settings.service import SettingReport, preview_setting, save_setting

ACCESS = AccessLives(30, timedelta(days=2))
ALICE = "officer alice"
GUILD_ROLE = ROLE_OF_RANK[SOCIAL]
_RUNS = (
    "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, started_at, finished_at) "
    "select %(guild)s, 'sweep', 'clock', 'done', now() - n * interval '1 hour', now() - n * interval '1 hour' "
    "from generate_series(%(first)s::integer, %(last)s::integer) n"
)


async def _save(guild: GuildBuilder, request: SettingRequest) -> SettingReport:
    return await save_setting(guild.pool, request, actor=ALICE, guild_id=guild.guild_id)


async def test_defaults_of_the_database_are_those_of_the_settings(guild: GuildBuilder) -> None:
    for each in LIVES:
        rows = await guild.rows("select guild_identity.days_kept(%(guild)s, %(what)s)", {"what": each.name})
        assert rows == [(each.default,)], each.name
        assert each.default is not None
        assert each.least <= each.default <= each.most


async def test_what_can_be_undone_is_kept_at_least_as_long_whatever_else_is_set(guild: GuildBuilder) -> None:
    await _save(guild, RetentionRequest({"undo": 300, "attempts": 90, "issues": 120, "settings": 400, "runs": 95}))
    kept = "select extract(day from now() - guild_identity.kept_since(%(guild)s, %(what)s))::integer"
    days = {what: await guild.rows(kept, {"what": what}) for what in ("attempts", "issues", "settings", "runs")}
    assert days == {"attempts": [(300,)], "issues": [(300,)], "settings": [(400,)], "runs": [(95,)]}


async def test_days_are_previewed_with_what_goes_saved_within_bounds_and_undone(guild: GuildBuilder) -> None:
    await guild.execute(_RUNS, {"first": 24 * 100, "last": 24 * 100 + 49})
    wanted = RetentionRequest({"undo": 30, "runs": "95"})
    seen = await preview_setting(guild.pool, wanted, guild_id=guild.guild_id)
    assert [each.sentence for each in seen.differences] == ["Undo: 90 days → 30 days", "Log of runs: 90 days → 95 days"]
    assert "With these days, the next daily cleaning deletes 49 runs. That cannot be undone." in seen.notices
    assert await guild.call(retention.read) == {}
    saved = await _save(guild, wanted)
    assert await guild.call(retention.read) == {"undo": 30, "runs": 95}
    await _save(guild, RetentionRequest({"undo": None, "runs": 90}))
    assert await guild.call(retention.read) == {"runs": 90}
    with pytest.raises(Refused, match="changed again later"):
        await _save(guild, UndoRequest(saved.change_id or 0))
    for days, why in (
        ({"undo": 6}, "from 7 to 365"),
        ({"runs": 10**8}, "from 90 to 730"),
        ({"life": 9}, "not kept by days"),
    ):
        with pytest.raises(BadInput, match=why):
            await _save(guild, RetentionRequest(days))


async def test_cleaning_deletes_in_batches_and_takes_no_more_statements_for_more_guilds(
    guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "BATCH", 100)
    await guild.execute(_RUNS, {"first": 24 * 91, "last": 24 * 91 + 249})
    with counting_statements() as with_rows:
        assert await clean(guild.pool, ACCESS) == {"runs": 249}
    assert await guild.rows("select count(*) from guild_identity.sync_log") == [(1,)]
    with counting_statements() as alone:
        await clean(guild.pool, ACCESS)
    await guild.execute(
        "insert into guild_identity.guilds (region, realm_slug, name_slug, name) "
        "select 'us', 'a', 'g' || n, 'G' from generate_series(1, 50) n"
    )
    with counting_statements() as among_others:
        await clean(guild.pool, ACCESS)
    assert among_others.statements == alone.statements
    assert with_rows.statements == 2 * alone.statements - 1 + 2, "two rounds, and two more batches"


async def test_it_is_done_once_a_day(guild: GuildBuilder) -> None:
    assert await clean_daily(guild.pool, ACCESS) == {}
    await guild.execute(_RUNS, {"first": 24 * 100, "last": 24 * 100 + 3})
    assert await clean_daily(guild.pool, ACCESS) is None
    await let_days_pass(guild.pool, 1)
    assert await clean_daily(guild.pool, ACCESS) == {"runs": 3}


async def test_what_a_change_that_can_be_undone_has_touched_stays_though_it_left_long_ago(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.alt("Longgone", None, await guild.player("Zork"))
    await guild.character("Forgotten")
    await guild.execute("update guild_identity.wow_characters set removed_at = now() where character_name <> 'Mito'")
    await let_days_pass(guild.pool, 200)
    unlinked = await guild.decide(UnlinkCharacter("Longgone"))
    assert (await clean(guild.pool, ACCESS))["characters"] == 1
    await guild.undo(unlinked)
    assert await clean(guild.pool, ACCESS) == {}
    await guild.decide(UnlinkCharacter("Longgone"))
    await let_days_pass(guild.pool, 91)
    assert (await clean(guild.pool, ACCESS))["characters"] == 1


async def test_a_dismissed_issue_goes_once_nothing_is_known_of_what_it_is_about(guild: GuildBuilder) -> None:
    await guild.member("Gone", roles=[GUILD_ROLE])
    await guild.member("Stays", roles=[GUILD_ROLE])
    await guild.scan()
    for number, _ in await _issues(guild):
        async with guild.pool.writing(guild.guild_id) as writing:
            await lifecycle.dismiss(writing, number, reason="A guest.", actor=ALICE)
    await guild.execute("update guild_identity.discord_users set is_present = false where display_name = 'Gone'")
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{}' where display_name = 'Stays'")
    await guild.scan()
    await let_days_pass(guild.pool, 200)
    assert (await clean(guild.pool, ACCESS))["members"] == 1
    await let_days_pass(guild.pool, 200)
    assert (await clean(guild.pool, ACCESS))["issues"] == 1
    assert [name for _, name in await _issues(guild)] == ["Stays"]


async def _issues(guild: GuildBuilder) -> list[tuple[int, str]]:
    return await guild.rows("select id, details ->> 'member' from guild_identity.audit_issues order by id")


async def test_nothing_is_undone_outside_of_its_window_and_the_refusal_says_so(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    away = await guild.decide(SetHiatus("Mito", None, "a long trip"))
    issue_id = await _dismissed(guild)
    saved = await _save(guild, RetentionRequest({"undo": 30}))
    await let_days_pass(guild.pool, 29)
    assert await guild.call(last_change_of, ALICE) is not None
    await let_days_pass(guild.pool, 2)
    assert await guild.call(last_change_of, ALICE) is None
    (change,) = (await guild.call(_history)).items
    assert not change.is_undoable
    with pytest.raises(Refused, match="can no longer be undone: it is older than your guild keeps that"):
        await undo(guild.pool, away.attempt_id or 0, actor=ALICE, guild_id=guild.guild_id)
    with pytest.raises(Refused, match="can no longer be undone: it is older than your guild keeps that"):
        await _save(guild, UndoRequest(saved.change_id or 0))
    ((event,),) = await guild.rows("select id from guild_identity.issue_events where event = 'dismissed'")
    with pytest.raises(Refused, match="can no longer be undone: it is older than your guild keeps that"):
        await guild.call(lifecycle.undo_words, [event], actor=ALICE)
    assert await guild.call(lifecycle.last_words, [issue_id]) == []


async def test_uploads_that_were_given_up_lose_their_characters_with_their_life(guild: GuildBuilder) -> None:
    await guild.execute(
        "with key as (insert into common.upload_keys (guild_id, uploader, key_hash, created_by) "
        "values (%(guild)s, 'Zork', 'x', 'test') returning id) "
        "insert into guild_identity.addon_uploads (guild_id, upload_key_id, content_hash, characters, character_count, state, "
        "failed_at, finished_at) select %(guild)s, id, 'h' || n, '[{}]', 1, 'failed', now(), now() "
        "from key, generate_series(1, 3) n"
    )
    await let_days_pass(guild.pool, 91)
    assert await clean(guild.pool, ACCESS) == {"uploads": 2, "contents": 1}
    assert await guild.rows("select content_hash, characters from guild_identity.addon_uploads") == [("h3", None)]


async def test_sessions_links_and_revoked_keys_go_with_the_days_of_the_installation(guild: GuildBuilder) -> None:
    await guild.execute(
        "with account as (insert into common.admin_accounts (name, discord_id) values ('Zork', '8001') returning id), "
        "linked as (insert into common.login_links (token_hash, account_id, expires_at) select 'l', id, now() from account) "
        "insert into common.web_sessions (token_hash, account_id, expires_at) select 's', id, now() from account"
    )
    await guild.execute(
        "insert into common.upload_keys (guild_id, uploader, key_hash, created_by, revoked_at) "
        "values (%(guild)s, 'Zork', 'x', 'test', now())"
    )
    await let_days_pass(guild.pool, 29)
    assert await clean(guild.pool, ACCESS) == {}
    await let_days_pass(guild.pool, 2)
    assert await clean(guild.pool, ACCESS) == {"links": 1, "sessions": 1, "accounts": 1, "keys": 1}


async def test_the_counts_of_monitoring_do_not_fall_when_attempts_go(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.decide(SetHiatus("Mito", None, "a long trip"))
    await let_days_pass(guild.pool, 366)
    assert (await clean(guild.pool, ACCESS))["attempts"] == 1
    assert await guild.rows("select outcome, is_automatic, attempts from guild_identity.forgotten_attempts") == [
        ("fixed", False, 1)
    ]


async def _dismissed(guild: GuildBuilder) -> int:
    await guild.character("Lonely")
    issue = await guild.open_issue("orphan_wow")
    await guild.call(lifecycle.dismiss, issue.id, actor=ALICE, reason="a guest", until=None)
    return issue.id


async def _history(here: GuildConnection) -> Page[SettingChange]:
    return await changes.newest(here.conn, here.id)
