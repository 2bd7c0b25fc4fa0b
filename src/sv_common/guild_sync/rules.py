"""The registry of rules, in the order in which people see them.

Adding a rule: write its page in `rulebook/`, add a line here, and add its two doors in `integrity_checker` and
`mitigations`. A test names whatever was forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sv_common.db.guild import reads_for_officers
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.engine.command import SOME_OFFICER, Command, FixRun
from sv_common.guild_sync.engine.fix import fix_issues
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.rulebook import note_mismatch, orphan_discord, orphan_wow, role_mismatch, stale_character
from sv_common.guild_sync.rulebook.accounts import account_conflict
from sv_common.guild_sync.rulebook.claims import link_contradicts_proof, unverified_member
from sv_common.guild_sync.rulebook.discord import departed_with_roles, stale_discord_link
from sv_common.guild_sync.rulebook.rule import AppliesPlan, RuleDefinition
from sv_common.guild_sync.sources.ports import DiscordSource


@dataclass(frozen=True, slots=True)
class PlannedMitigation(AppliesPlan):
    """The specified `mitigate_fn(pool, issue_row) -> bool` of a rule that plans its fixes."""

    issue_type: str

    async def __call__(
        self,
        pool: Pool,
        issue_row: Any,
        discord_bot: DiscordSource | None = None,
        *,
        guild_id: int | None = None,
        command: Command | None = None,
    ) -> bool:
        """Fix one issue, planned from the database as it is now; True means that it is resolved by this fix.

        `issue_row` is an `Issue` or any mapping with an "id". Without a `command`, an automatic rule acts as automation,
        and any other as an officer. Raises `NotFound` for an issue that does not exist, or is not `guild_id`'s.
        """
        rule = RULES[self.issue_type]
        issue_id = issue_row["id"] if isinstance(issue_row, Mapping) else issue_row.id
        async with pool.reading(await lifecycle.guild_of(pool, issue_id, guild_id)) as guild:
            issue = await lifecycle.get(guild, issue_id)
        asked_by = command or (Command.automation() if rule.auto_mitigate else Command(SOME_OFFICER))
        (result,) = await fix_issues(pool, FixRun(RULES, rule, issue.guild_id, [issue.id], asked_by, discord_bot))
        return result.outcome is FixOutcome.FIXED


def _registered(rule: RuleDefinition) -> RuleDefinition:
    return rule if rule.plan is None else replace(rule, mitigate_fn=PlannedMitigation(rule.issue_type))


RULES: dict[str, RuleDefinition] = {
    "note_mismatch": _registered(note_mismatch.RULE),
    "orphan_wow": _registered(orphan_wow.RULE),
    "orphan_discord": _registered(orphan_discord.RULE),
    "role_mismatch": _registered(role_mismatch.RULE),
    "departed_with_roles": _registered(departed_with_roles.RULE),
    "stale_character": _registered(stale_character.RULE),
    "stale_discord_link": _registered(stale_discord_link.RULE),
    "account_conflict": _registered(account_conflict.RULE),
    "link_contradicts_proof": _registered(link_contradicts_proof.RULE),
    "unverified_member": _registered(unverified_member.RULE),
}


def is_for_officers(issue_type: str) -> bool:
    """Whether others than officers may hear nothing of a rule; False for a rule of the past, and for what is no rule."""
    rule = RULES.get(issue_type)
    return rule is not None and rule.is_for_officers


def may_be_shown(issue_type: str) -> bool:
    """Whether this task may say anything of a rule."""
    return reads_for_officers() or not is_for_officers(issue_type)


def rules_to_show() -> dict[str, RuleDefinition]:
    """Return the rules of which this task may say anything."""
    return {name: rule for name, rule in RULES.items() if may_be_shown(name)}


def rule_named(issue_type: str) -> RuleDefinition:
    """Return a rule of the registry that may be shown. Raises `NotFound` with the names that exist."""
    shown = rules_to_show()
    rule = shown.get(issue_type)
    if rule is None:
        raise NotFound(
            tr("Rule “{rule}” does not exist. The rules are: {rules}.", rule=issue_type, rules=", ".join(shown))
        )
    return rule


__all__ = ["RULES", "RuleDefinition", "is_for_officers", "may_be_shown", "rule_named", "rules_to_show"]
