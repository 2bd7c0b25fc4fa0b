"""The texts of a rule are constants that are read in the language of whoever asks."""

from __future__ import annotations

import copy
import dataclasses

from sv_common.guild_sync.core.language import PSEUDO, speaking
from sv_common.guild_sync.notes import Category, category_in_words
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rulebook.stale_character import STALE_AFTER
from sv_common.guild_sync.rules import RULES

STALE = RULES["stale_character"]


def test_every_text_of_every_rule_is_in_the_catalogue() -> None:
    with speaking(PSEUDO):
        texts = [text for rule in RULES.values() for text in _texts_of(rule)]
    assert [text for text in texts if not text.startswith("⟦")] == []


def test_a_description_says_what_is_set_in_the_language_of_the_task() -> None:
    assert STALE.description == "Character has not logged in for more than 30 days"
    assert STALE.description_with({STALE_AFTER.name: 7}) == "Character has not logged in for more than 7 days"
    assert STALE.description_with({STALE_AFTER.name: 1}) == "Character has not logged in for more than 1 day"
    with speaking(PSEUDO):
        assert STALE.description_with({STALE_AFTER.name: 7}) == "⟦Character has not logged in for more than ⟦7 days⟧⟧"


def test_a_copy_that_was_made_in_one_language_is_read_in_another() -> None:
    with speaking(PSEUDO):
        rule = dataclasses.replace(STALE, auto_mitigate=True)
        parameter = copy.deepcopy(STALE_AFTER)
        assert rule.name == "⟦Stale Character⟧"
    assert (rule.name, rule.description_with({STALE_AFTER.name: 7})) == (
        "Stale Character",
        "Character has not logged in for more than 7 days",
    )
    assert (parameter, parameter.label) == (STALE_AFTER, "Stale after")


def _texts_of(rule: RuleDefinition) -> list[str]:
    own = [rule.name, rule.description, rule.why, rule.safe, rule.left_to_officer]
    of_parameters = [text for each in rule.parameters for text in (each.label, each.unit, each.about)]
    return [text for text in [*own, *of_parameters, *_of_examples(rule)] if text]


def _of_examples(rule: RuleDefinition) -> list[str]:
    return [text for each in rule.examples for text in (each.given, each.then)]


def test_every_category_of_words_is_in_the_catalogue() -> None:
    with speaking(PSEUDO):
        assert [each for each in Category if not category_in_words(each).startswith("⟦")] == []
    with speaking("de"):
        assert category_in_words("profession") == "Beruf"
