"""Changing a guild's settings: preview it, then save exactly that; every change can be undone.

A preview makes the change, scans the guild and applies automatic fixes in a transaction that is rolled back. Saving does the
same and keeps it, unless the result would now differ from the preview.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import structlog

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.accounts.switch import check_secret, counted_in_words
from sv_common.guild_sync.core.errors import PlanStale, reason_of
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.core.language import language, number, speak, speaking, tr, tr_n
from sv_common.guild_sync.engine.command import Command, FixRun
from sv_common.guild_sync.engine.fix_roles import fix_on_discord
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.keeping import cleaning
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.settings import changes
from sv_common.guild_sync.settings.lives import would_delete
from sv_common.guild_sync.settings.model import (
    AccountsSetting,
    Difference,
    LanguageSetting,
    RetentionSetting,
    RuleSetting,
    Setting,
)
from sv_common.guild_sync.settings.readings import ReadingChange, readings_changed
from sv_common.guild_sync.settings.requests import SettingRequest, Wanted, read_request
from sv_common.guild_sync.settings.trial import (
    IssueEffect,
    Move,
    ScannedGuild,
    effects_between,
    open_issues,
    scan_and_fix,
)
from sv_common.guild_sync.settings.wording import has_done, would_do
from sv_common.guild_sync.sources.ports import DiscordSource

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SettingReport:
    """What a change of the settings would do, or did. `change_id` is what to undo; None for a preview.

    `notices` are sentences that an administrator should read, `unrelated` what the next scan does without the change too;
    `key` is what saving is compared with.
    """

    guild_id: int
    wanted: Wanted
    effects: Sequence[IssueEffect]
    readings: Sequence[ReadingChange]
    notices: tuple[str, ...]
    unrelated: tuple[str, ...]
    key: str
    change_id: int | None = None

    @property
    def differences(self) -> tuple[Difference, ...]:
        return self.wanted.differences

    @property
    def counts(self) -> dict[Move, int]:
        return {move: sum(effect.move is move for effect in self.effects) for move in Move}

    @property
    def sentence(self) -> str:
        said = would_do if self.change_id is None else has_done
        return said(*self.counts.values())


async def preview_setting(
    pool: Pool,
    request: SettingRequest,
    *,
    guild_id: int | None = None,
    with_discord: bool = False,
    secret: InstallationSecret | None = None,
) -> SettingReport:
    """Return exactly what `save_setting` would do now, and do nothing. Raises like `read_request`.

    `with_discord`: whether a bot could apply fixes on Discord. `secret` is the installation's, without which account evidence
    is not switched on: it raises `ConfigurationError`.
    """

    async def try_it(guild: GuildConnection) -> SettingReport:
        return (await _change(guild, request, "preview", with_discord=with_discord, secret=secret))[0]

    return await pool.rehearse(await guilds.resolve_guild(pool, guild_id), try_it, alone=True)


async def save_setting(
    pool: Pool,
    request: SettingRequest,
    *,
    actor: str,
    guild_id: int | None = None,
    seen: str | None = None,
    discord_bot: DiscordSource | None = None,
    secret: InstallationSecret | None = None,
) -> SettingReport:
    """Change a setting, scan the guild at once, apply automatic fixes, and record who changed it.

    `seen` is the key of the preview. Raises like `read_request`, and `PlanStale` where the result would differ from the
    preview: then nothing is changed.
    """
    number = await guilds.resolve_guild(pool, guild_id)
    async with pool.writing(number) as guild:
        with_discord = discord_bot is not None
        report, scanned = await _change(guild, request, actor, with_discord=with_discord, secret=secret)
        if seen not in (None, report.key):
            raise PlanStale(
                tr("The settings or the data have changed since the preview. Nothing was saved. Preview it again.")
            )
        change_id = await _record(guild, report.wanted, actor=actor)
    if isinstance(report.wanted.after, LanguageSetting):
        speak(report.wanted.after.code)  # what is said of it from here on
    failed = await _fix_on_discord(pool, number, scanned, discord_bot) if discord_bot is not None else []
    return replace(report, change_id=change_id, notices=(*report.notices, *failed))


@contextlib.asynccontextmanager
async def recorded(guild: GuildConnection, about: Setting, *, actor: str) -> AsyncIterator[None]:
    """Record what is changed inside of a setting without a preview, if anything is.

    Nothing is scanned: the next scan does that. `about` says which rule, ranks or word it is.
    """
    before = await about.current(guild)
    yield
    after = await about.current(guild)
    differences = tuple(after.differences(before, await guilds.roster_size(guild)))
    if differences:
        await _record(guild, Wanted(before, after, differences), actor=actor)


async def _change(
    guild: GuildConnection,
    request: SettingRequest,
    actor: str,
    *,
    with_discord: bool,
    secret: InstallationSecret | None,
) -> tuple[SettingReport, ScannedGuild]:
    """Scan with the settings of now, so that what has changed since the last scan does not count; change; scan again.

    A new language is that of the second scan alone, which writes the summaries of issues anew: all that is reported is said in
    the language of now, in which a preview or a refusal leaves the guild.
    """
    wanted = await read_request(guild, request)
    if isinstance(wanted.after, AccountsSetting):
        check_secret(wanted.after.mode, secret)
    logged = await open_issues(guild)
    before = await scan_and_fix(guild)
    readings = await readings_changed(guild, wanted.after)
    await wanted.after.write(guild, actor=actor)
    with speaking(wanted.after.code if isinstance(wanted.after, LanguageSetting) else language()):
        after = await scan_and_fix(guild)
    found = await effects_between(guild, before, after)
    effects = [effect for effect in found if with_discord or not effect.on_discord]
    scanned = before if isinstance(wanted.after, LanguageSetting) else after  # both say the same, each in its language
    notices = [*_of_a_disabled_rule(wanted, before), *scanned.notices]
    if len(found) > len(effects):
        notices.append(
            tr_n(
                "{n} issue could be fixed on Discord, but no bot is set up. Set PATT_DISCORD_BOT_TOKEN.",
                "{n} issues could be fixed on Discord, but no bot is set up. Set PATT_DISCORD_BOT_TOKEN.",
                len(found) - len(effects),
            )
        )
    if isinstance(wanted.after, RetentionSetting):
        notices += would_delete(await cleaning.expendable(guild))
    notices += await _of_accounts(guild, wanted)
    key = _key(wanted, effects, readings)
    opens, closes = len(before.open.keys() - logged.keys()), len(logged.keys() - before.open.keys())
    unrelated = tr_n(
        "With or without this change, the next scan opens {n} issue and closes {closes}: the data has changed since the "
        "last one.",
        "With or without this change, the next scan opens {n} issues and closes {closes}: the data has changed since the "
        "last one.",
        opens,
        closes=number(closes),
    )
    report = SettingReport(guild.id, wanted, effects, readings, tuple(notices), (unrelated,), key)
    return report if opens + closes else replace(report, unrelated=()), after


async def _fix_on_discord(pool: Pool, guild_id: int, scanned: ScannedGuild, source: DiscordSource) -> list[str]:
    """Apply the fixes that are left for Discord; return why some could not be applied."""
    results: list[FixResult] = []
    for issue_type, fixes in scanned.on_discord.items():
        try:
            ids = [fix.issue.id for fix in fixes]
            run = FixRun(RULES, RULES[issue_type], guild_id, ids, Command.automation(), source)
            results += await fix_on_discord(pool, run, fixes)
        except Exception as error:  # the settings are saved already, so a failed fix is only reported
            log.exception("automatic_fixes_failed", rule=issue_type, guild_id=guild_id)
            results += [fix.result(FixOutcome.FAILED, reason_of(error)) for fix in fixes]
    unseen = [result.reason for result in results if result.outcome is FixOutcome.UNVERIFIED]
    failed = [r.reason for r in results if r.outcome not in (FixOutcome.FIXED, FixOutcome.UNVERIFIED)]
    return [
        *([tr("{n} could not be fixed on Discord: {why}", n=number(len(failed)), why=failed[0])] if failed else []),
        *([tr("{n} could not be verified on Discord: {why}", n=number(len(unseen)), why=unseen[0])] if unseen else []),
    ]


async def _record(guild: GuildConnection, wanted: Wanted, *, actor: str) -> int:
    before, after = wanted.before.as_json(), wanted.after.as_json()
    change = changes.NewSettingChange(
        guild.id, wanted.after.kind, wanted.after.subject, before, after, wanted.sentence, wanted.undoes
    )
    return await changes.add(guild.conn, change, actor=actor)


def _of_a_disabled_rule(wanted: Wanted, before: ScannedGuild) -> list[str]:
    was, will_be = wanted.before, wanted.after
    if not isinstance(was, RuleSetting) or not isinstance(will_be, RuleSetting):
        return []
    if will_be.wishes.is_enabled or not was.wishes.is_enabled:
        return []
    count = sum(issue.issue_type == will_be.issue_type for issue in before.open.values())
    if count == 0:
        return [tr("This rule has no open issues. Scans skip it until it is switched on again.")]
    sentence = tr_n(
        "{n} issue of this rule stays open. Scans and automatic fixes skip the rule until it is switched on again. You can "
        "still fix, dismiss or resolve.",
        "{n} issues of this rule stay open. Scans and automatic fixes skip the rule until it is switched on again. You can "
        "still fix, dismiss or resolve.",
        count,
    )
    return [sentence]


async def _of_accounts(guild: GuildConnection, wanted: Wanted) -> list[str]:
    was, will_be = wanted.before, wanted.after
    if not isinstance(was, AccountsSetting) or not isinstance(will_be, AccountsSetting):
        return []
    notices = []
    if will_be.mode == "off" and was.mode != "off":
        notices.append(
            tr(
                "Everything that was read of battle pets and achievements is erased at once. To undo this, PATT reads it anew."
            )
        )
    elif was.mode == "off" and will_be.mode != "off":
        notices.append(
            tr(
                "The next syncs of the roster read battle pets, or achievements where pets are not shown. Tell your members "
                "before you save: the sentence to post is on the page."
            )
        )
    return [*notices, *(await _of_rights_by_account(guild, will_be) if will_be.gives_rights else [])]


async def _of_rights_by_account(guild: GuildConnection, setting: AccountsSetting) -> list[str]:
    if setting.mode == "off":
        return [tr("While account evidence is off, links by the same account give no rights.")]
    return [
        tr(
            "Links by the same account count like confirmed ones, for Discord roles and for access. Accounts can be shared by "
            "two people."
        ),
        await counted_in_words(guild),
    ]


def _key(wanted: Wanted, effects: Sequence[IssueEffect], readings: Sequence[ReadingChange]) -> str:
    """Return the SHA-256 of the change and of everything that it does."""
    content = [
        [wanted.after.kind, wanted.after.subject, wanted.undoes],
        wanted.before.as_json(),
        wanted.after.as_json(),
        [[effect.issue_hash, effect.move, effect.steps] for effect in effects],
        [[each.character_id, each.after] for each in readings],
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
