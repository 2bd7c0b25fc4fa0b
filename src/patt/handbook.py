"""`docs/rules.md`, written from the rulebook: run `python -m patt.handbook` after changing a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rules import RULES

FILE = Path("docs") / "rules.md"
_HEAD = """# The rules

This page is written from the rulebook (`src/sv_common/guild_sync/rulebook/`) by `python -m patt.handbook`; a test fails
when the two differ. A rule detects one kind of issue and knows at most one fix for it.
"""


_HOW = {
    (True, True): "by itself, where it is safe; else on an officer's click",
    (False, True): "on an officer's click; by itself, where it is safe, if a guild switches that on",
    (False, False): "on an officer's click",
}
"""By whether a rule fixes by itself, and whether any of its fixes is safe."""


def rules_page() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *(line for rule in RULES.values() for line in _section(rule))])


def _section(rule: RuleDefinition) -> Iterator[str]:
    fix = _HOW[rule.auto_mitigate, rule.safe is not None]
    yield f"## `{rule.issue_type}`: {rule.name}\n"
    yield f"{rule.description}.\n"
    yield f"- **Severity:** {rule.severity}"
    yield f"- **About:** a {rule.subject.replace('_', ' ')}"
    yield f"- **Fix:** {fix if rule.is_fixable else 'none; for information'}"
    for each in rule.parameters:
        bounds = f"from {each.least} to {each.most} {each.unit}"
        yield f"- **Setting `{each.name}`:** {each.default_in_words}, unless a guild sets it ({bounds})"
    yield f"\n{rule.why}\n"
    yield f"**Safe by itself.** {rule.safe or 'Nothing.'}\n"
    yield f"**Left to an officer.** {rule.left_to_officer}\n"
    yield f"**Dismissed.** {_dismissed(rule)}\n"
    yield "| the case | the outcome | why, or what changes |\n|---|---|---|"
    yield from (f"| {each.given} | {each.outcome} | {each.then} |" for each in rule.examples)
    yield ""


def _dismissed(rule: RuleDefinition) -> str:
    """Say on what a dismissal of the rule's issues rests."""
    if not rule.material:
        return "A dismissal hides the issue, whatever is found, until its day comes or somebody ends it."
    parts = [each.what for each in rule.material]
    listed = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return f"A dismissal rests on {listed}. When that changes, the issue opens again and says what changed."


if __name__ == "__main__":
    FILE.write_text(rules_page(), encoding="utf-8")
