"""The laws about links, rights and roles, each held against what would break it."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from simulation.confirmed_links import ConfirmedLinks
from simulation.guilds import LivingGuild
from simulation.role_ledger import RoleLedger
from simulation.tally import LawBroken
from simulation.witness import Change, Transaction

RAIDER, OFFICER = "71", "72"
AYLA, MITO_PLAYER, MITO = 1, 5, 9
"""A character, a player, and a Discord member."""

CHARACTER = {
    "id": AYLA, "guild_id": 1, "character_name": "Ayla", "guild_note": "Mito", "rank_index": 3, "removed_at": None
}  # fmt: skip
PLAYER = {"id": MITO_PLAYER, "discord_user_id": MITO, "discord_basis": "name", "discord_confirmed_by": None}
LINK = {"character_id": AYLA, "player_id": MITO_PLAYER, "basis": "note", "confirmed_by": None}
MEMBER = {"id": MITO, "guild_id": 1, "discord_id": "9000"}
RANK = {"id": 3, "guild_id": 1, "wow_rank_index": 3, "level": 50, "discord_role_id": RAIDER}
HIGHER_RANK = {"id": 2, "guild_id": 1, "wow_rank_index": 1, "level": 70, "discord_role_id": OFFICER}
BY_OFFICER, BY_AUTOMATION = {"is_automatic": False}, {"is_automatic": True}
WORD = {"confirmed_by": "officer Alice"}
WORD_FOR_MEMBER = {"discord_confirmed_by": "officer Alice"}


def _attempt(number: int = 1, **columns: object) -> dict[str, Any]:
    nothing = dict.fromkeys(("undoing_at", "undone_at", "partly_undone_at"))
    attempt = {"id": number, "guild_id": 1, "issue_type": "role_mismatch", "outcome": "running", "is_automatic": True}
    return {**attempt, "intended": [], "changes": [], **nothing, **columns}


def _turn(role_id: str, *, held: bool) -> dict[str, Any]:
    before, after = {"role_id": role_id, "held": not held}, {"role_id": role_id, "held": held}
    return {"table": "role", "id": MITO, "before": before, "after": after}


def _made(table: str, row: Mapping[str, Any]) -> Change:
    return Change(table, None, dict(row))


def _changed(table: str, row: Mapping[str, Any], **columns: object) -> Change:
    return Change(table, dict(row), {**row, **columns})


def _begun(*, link: Mapping[str, Any] = {}, player: Mapping[str, Any] = {}, **character: object) -> ConfirmedLinks:
    """A guild in which Ayla is Mito's, as an officer's match has left it."""
    confirmed_links = ConfirmedLinks()
    rows = [("guild_ranks", RANK), ("guild_ranks", HIGHER_RANK), ("discord_users", MEMBER)]
    rows += [("players", PLAYER | dict(player)), ("wow_characters", CHARACTER | character)]
    rows += [("player_characters", LINK | dict(link)), ("fix_attempts", _attempt(7, **BY_OFFICER))]
    confirmed_links.follow(Transaction([_made(*row) for row in rows]))
    return confirmed_links


def _moved_by(author: Mapping[str, bool]) -> Transaction:
    moved = [Change("player_characters", LINK, None), _made("player_characters", LINK | {"player_id": 6})]
    return Transaction([*moved, _made("fix_attempts", _attempt(**author))])


def _with_note(note: str | None) -> Transaction:
    return Transaction([_changed("wow_characters", CHARACTER, guild_note=note)])


def test_automation_may_not_change_a_link_whose_note_is_as_it_was() -> None:
    confirmed_links = _begun()
    confirmed_links.follow(_with_note(" MITO "))
    with pytest.raises(LawBroken, match="whose note has not changed since it was made"):
        confirmed_links.follow(_moved_by(BY_AUTOMATION))


def test_automation_may_not_change_a_link_that_was_made_under_a_note_that_nobody_knows() -> None:
    confirmed_links = _begun(guild_note=None)
    confirmed_links.follow(_with_note("Zork"))
    with pytest.raises(LawBroken, match="whose note has not changed since it was made"):
        confirmed_links.follow(_moved_by(BY_AUTOMATION))


def test_automation_may_follow_a_note_that_has_changed_since_and_an_officer_may_do_as_they_like() -> None:
    followed, decided = _begun(), _begun()
    followed.follow(_with_note("Zork"))
    followed.follow(_moved_by(BY_AUTOMATION))
    decided.follow(_moved_by(BY_OFFICER))
    assert (followed.automatic_links, decided.automatic_links) == (2, 0)
    with pytest.raises(LawBroken, match="whose note has not changed"):  # since it was linked anew, under “Zork”
        followed.follow(
            Transaction([Change("player_characters", LINK | {"player_id": 6}, None), _made("fix_attempts", _attempt())])
        )


def test_automation_may_not_move_a_character_whose_rank_gives_rights() -> None:
    confirmed_links = _begun(rank_index=1)
    confirmed_links.follow(Transaction([_changed("wow_characters", CHARACTER | {"rank_index": 1}, guild_note="Zork")]))
    with pytest.raises(LawBroken, match="whose rank gives rights"):
        confirmed_links.follow(_moved_by(BY_AUTOMATION))


@pytest.mark.parametrize(
    "word", [_changed("player_characters", LINK, **WORD), _changed("players", PLAYER, **WORD_FOR_MEMBER)]
)
def test_only_what_is_recorded_as_a_persons_decision_may_confirm(word: Change) -> None:
    _begun().follow(Transaction([word, _made("fix_attempts", _attempt(**BY_OFFICER))]))
    _begun().follow(Transaction([word, _changed("fix_attempts", _attempt(), undone_at="2026-03-02")]))
    for nobody in ([], [_made("fix_attempts", _attempt())]):
        with pytest.raises(LawBroken, match="nobody gave this word"):
            _begun().follow(Transaction([word, *nobody]))


def _role_fix(role_id: str) -> Transaction:
    return Transaction([_made("fix_attempts", _attempt(intended=[_turn(role_id, held=True)]))])


@pytest.mark.parametrize(("link", "player"), [({}, {}), (WORD, {}), ({}, WORD_FOR_MEMBER)])
def test_automation_may_not_change_roles_by_a_way_for_which_nobody_stands(
    link: Mapping[str, str], player: Mapping[str, str]
) -> None:
    with pytest.raises(LawBroken, match="a link that no person confirmed"):
        _begun(link=link, player=player).follow(_role_fix(RAIDER))


NO_ACCOUNT: Mapping[str, Any] = {}
SETTINGS = {"guild_id": 1, "mode": "suggest", "gives_rights": True}
ANCHOR = 2
"""Another character of Mito's, for whose link an officer stands."""


def _pets(number: int, **columns: object) -> dict[str, Any]:
    return {"character_id": number, "guild_id": 1, "account": AYLA, "doubted_read_at": None, **columns}


def _by_account(**changes: Mapping[str, Any] | None) -> ConfirmedLinks:
    """A guild in which Ayla's link counts by the account of another character, but for some rows that are otherwise, or not there."""
    rows: dict[str, tuple[str, Mapping[str, Any]]] = {
        "settings": ("account_settings", SETTINGS),
        "pets": ("account_evidence", _pets(AYLA)),
        "pets_of_anchor": ("account_evidence", _pets(ANCHOR)),
        "anchor": ("player_characters", LINK | {"character_id": ANCHOR} | WORD),
        "other": ("player_characters", LINK | {"character_id": 3, "player_id": 6}),
        "pets_of_other": ("account_evidence", _pets(3, account=3)),
        "shared": ("shared_accounts", {"guild_id": 1, "character_id": 4}),
        "objection": ("account_objections", {"guild_id": 1, "key": "a", "character_id": 4}),
    }
    links = _begun(link={"basis": "account"}, player=WORD_FOR_MEMBER)
    lower = [_made("wow_characters", CHARACTER | {"id": number, "rank_index": 9}) for number in (ANCHOR, 3)]
    lowest_rank = _made("guild_ranks", RANK | {"id": 9, "wow_rank_index": 9, "level": 10})
    made = [
        _made(table, {**row, **(changes.get(name) or {})})
        for name, (table, row) in rows.items()
        if changes.get(name, NO_ACCOUNT) is not None
    ]
    links.follow(Transaction([*lower, lowest_rank, *made, _made("fix_attempts", _attempt(8, **BY_OFFICER))]))
    return links


def test_automation_may_give_a_role_by_a_link_that_counts_by_its_account() -> None:
    links = _by_account()
    links.follow(_role_fix(RAIDER))
    assert links.rights_by_account == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": None},
        {"settings": {"gives_rights": False}},
        {"settings": {"mode": "off"}},
        {"pets": None},
        {"pets": {"account": None}},
        {"pets": {"account": 77}},
        {"pets": {"doubted_read_at": "2026-03-02"}},
        {"pets_of_anchor": None},
        {"pets_of_anchor": {"doubted_read_at": "2026-03-02"}},
        {"anchor": None},
        {"anchor": {"confirmed_by": None}},
        {"anchor": {"confirmed_by": None, "basis": "account"}},
        {"anchor": {"player_id": 6}},
        {"pets_of_other": {"account": AYLA}, "other": WORD},
        {"shared": {"character_id": ANCHOR}},
        {"objection": {"character_id": ANCHOR}},
    ],
    ids=str,
)
def test_automation_may_give_none_by_an_account_that_does_not_make_it_count(changes: Mapping[str, Any]) -> None:
    with pytest.raises(LawBroken, match="a link that no person confirmed"):
        _by_account(**changes).follow(_role_fix(RAIDER))


def test_automation_may_give_the_role_of_a_rank_for_which_a_person_stands_and_no_other() -> None:
    confirmed_links = _begun(link=WORD, player=WORD_FOR_MEMBER)
    confirmed_links.follow(_role_fix(RAIDER))
    assert confirmed_links.automatic_role_changes == 1
    with pytest.raises(LawBroken, match="whose rank is"):
        confirmed_links.follow(_role_fix(OFFICER))


def test_the_highest_character_decides_whether_somebody_stands_for_it() -> None:
    confirmed_links = _begun(link=WORD, player=WORD_FOR_MEMBER)
    higher = CHARACTER | {"id": 2, "rank_index": 1}
    changes = [_made("wow_characters", higher), _made("player_characters", LINK | {"character_id": 2})]
    confirmed_links.follow(Transaction([*changes, _made("fix_attempts", _attempt(**BY_OFFICER))]))
    with pytest.raises(LawBroken, match="a link that no person confirmed"):
        confirmed_links.follow(_role_fix(OFFICER))


def _guild_that_saw(*actions: str) -> LivingGuild:
    log = [SimpleNamespace(user_id=MEMBER["discord_id"], role_id=RAIDER, action=action) for action in actions]
    return cast("LivingGuild", SimpleNamespace(guild_id=1, world=SimpleNamespace(audit_log=log)))


def _ledger(*attempts: Change) -> RoleLedger:
    ledger = RoleLedger()
    ledger.follow(Transaction([_made("discord_users", MEMBER), *attempts]))
    return ledger


GIVEN = [_turn(RAIDER, held=True)]


def test_every_role_that_the_server_saw_change_is_recorded_in_an_attempt() -> None:
    begun = _attempt(intended=GIVEN)
    finished = _attempt(intended=GIVEN, changes=GIVEN, outcome="unverified")
    for written in (
        [_made("fix_attempts", begun)],
        [_made("fix_attempts", begun), Change("fix_attempts", begun, finished)],
    ):
        ledger = _ledger(*written)
        ledger.judge(_guild_that_saw("add"))
        ledger.judge(_guild_that_saw())
        for unrecorded in (("remove",), ("add", "add")):
            with pytest.raises(LawBroken, match="no attempt records"):
                ledger.judge(_guild_that_saw(*unrecorded))


def test_what_an_undo_puts_back_is_recorded_by_the_undo() -> None:
    done = _attempt(intended=GIVEN, changes=GIVEN, outcome="fixed")
    undoing = Change("fix_attempts", done, {**done, "undoing_at": "2026-03-02"})
    _ledger(_made("fix_attempts", done), undoing).judge(_guild_that_saw("add", "remove"))
    with pytest.raises(LawBroken, match="no attempt records"):
        _ledger(_made("fix_attempts", done)).judge(_guild_that_saw("add", "remove"))
