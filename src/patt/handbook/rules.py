"""`docs/rules.md`, written from the rulebook."""

from __future__ import annotations

from collections.abc import Iterator

from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rules import RULES

_HEAD = """# The rules

This page is written from the rulebook (`src/sv_common/guild_sync/rulebook/`) by `python -m patt.handbook`; a test fails
when the two differ. A rule detects one kind of issue and knows at most one fix for it.
"""

_HOW = {
    (True, True): "automatic, if it is safe; else on an officer's click",
    (False, True): "on an officer's click; automatic, if it is safe and a guild switches that on",
    (False, False): "on an officer's click",
}
"""By whether the fixes of a rule are automatic, and whether any of them is safe."""


def rules_page() -> str:
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
        yield f"- **Setting `{each.name}`:** {each.default_in_words}, unless a guild changes it ({bounds})"
    yield f"\n{rule.why}\n"
    yield f"**Automatic.** {rule.safe or 'Nothing.'}\n"
    yield f"**Left to an officer.** {rule.left_to_officer}\n"
    yield f"**Dismissed.** {_dismissed(rule)}\n"
    yield "| the case | the outcome | why, or what changes |\n|---|---|---|"
    yield from (f"| {each.given} | {each.outcome} | {each.then} |" for each in rule.examples)
    yield ""


def _dismissed(rule: RuleDefinition) -> str:
    """Say on what a dismissal of the rule's issues depends."""
    if not rule.material:
        return "A dismissal hides the issue, whatever is found, until its date comes or an officer reopens it."
    parts = [each.what for each in rule.material]
    listed = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return f"A dismissal depends on {listed}. When that changes, the issue reopens and says what changed."
