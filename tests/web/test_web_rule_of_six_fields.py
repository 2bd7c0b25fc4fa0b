"""A rule that has only the six fields of the specification is shown, fixed and listed like every other."""

from __future__ import annotations

import httpx2
import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.lifecycle import Conclusion
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rules import RULES
from web.helpers import API, PAGE


async def test_every_page_shows_a_rule_without_a_page_of_its_own_and_its_fix_can_be_clicked(
    alice: httpx2.AsyncClient, guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def mend(_pool: object, issue_row: dict[str, int]) -> bool:
        asked.append(issue_row["id"])
        return True

    rule = RuleDefinition("empty_note", "Empty note", "A character has no note", Severity.WARNING, False, mend)
    monkeypatch.setitem(RULES, "empty_note", rule)
    found = Finding("empty_note", guild.guild_id, SubjectKind.CHARACTER, await guild.character("Mito"), "Mito is empty")
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        conclusion = Conclusion("empty_note", "warning", [found], ())
        await lifecycle.reconcile(here, [conclusion], actor="detection")
        (issue,) = await lifecycle.open_of_rule(here, "empty_note")
    pages = (PAGE, f"{PAGE}/issues/{issue.id}", "/admin/settings/rules", "/admin/settings/rules/empty_note")
    for page in (
        *pages,
        f"{PAGE}/rules/empty_note/preview",
        "/admin/activity",
        f"{API}/rules",
        f"{API}/issues/{issue.id}",
    ):
        answer = await alice.get(page)
        assert (page, answer.status_code) == (page, 200)
    assert "Empty note" in (await alice.get(PAGE)).text
    answer = await alice.post(f"{API}/scan/empty_note")
    assert (answer.status_code, "has no detector" in answer.text) == (409, True)
    answer = await alice.post(f"{API}/fix/{issue.id}", json={})
    assert (answer.status_code, asked) == (200, [issue.id])
