"""Officers see which members have verified their characters, and overrule a sign-in with a reason only."""

from __future__ import annotations

import httpx2
from fastapi import FastAPI

from guild_builder import GuildBuilder
from sv_common.guild_sync.identity.decisions import UnlinkMember
from web.claimers import ACCOUNT_OF_CORIN, DARA, Claimer, People, claimer
from web.helpers import PLAYERS, PLAYERS_API, see

VERIFIED = f"{PLAYERS}/verified"
WHY = "The account was sold"


async def _guild_of_three(guild: GuildBuilder) -> dict[str, int]:
    """Add Corin, who has proven one of two characters, Dara, who has proven none, and Elrek without Discord."""
    corin, dara = await guild.member("Corin"), await guild.member("Dara")
    player, other = await guild.player("Corin", member=corin), await guild.player("Dara", member=dara)
    velquin = await guild.alt("Velquin", None, player)
    await guild.alt("Odo", None, player)
    await guild.alt("Thornwick", None, other)
    await guild.alt("Elrek", None, await guild.player("Elrek"))
    await guild.prove(velquin)
    await guild.claim(corin, velquin)
    await guild.execute("update guild_identity.players set discord_basis = 'proven' where id = %(id)s", {"id": player})
    return {"Corin": player, "Dara": other, "Velquin": velquin}


async def test_the_page_names_who_is_verified_and_who_is_not_with_a_reminder_to_copy(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    await _guild_of_three(guild)
    text = (await see(alice, VERIFIED)).text("content")
    assert "1 of 2 members verified." in text
    assert "Which characters in Lantern Watch are yours? Please verify them here: http://patt.test/claim" in text
    assert text.index("Not verified 1") < text.index("Thornwick") < text.index("1 of 2 verified")
    assert "Elrek" not in text


async def test_data_quality_people_and_the_api_tell_the_same_number(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    await _guild_of_three(guild)
    for page in ("/admin/data-quality", PLAYERS):
        seen = await see(alice, page)
        assert "1 of 2 members verified" in seen.text("content")
        assert f"{VERIFIED}?guild={guild.guild_id}" in seen.links
    answer = (await alice.get(f"{PLAYERS_API}/verified")).json()
    assert answer["counts"] == {"verified": 1, "total": 2, "sentence": "1 of 2 members verified"}
    assert [(each["member"], each["proven"], each["characters"]) for each in answer["members"]] == [
        ("Corin", 1, 2),
        ("Dara", 0, 1),
    ]


async def test_a_guild_without_members_is_told_so(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    text = (await see(alice, VERIFIED)).text("content")
    assert "No member of the Discord server has a character in the guild yet." in text
    assert "members verified" not in (await see(alice, PLAYERS)).text("content")


async def test_the_card_of_a_person_says_when_they_last_proved_their_characters(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    people = await _guild_of_three(guild)
    assert "Verified 1 of 2 just now" in (await see(alice, f"{PLAYERS}/{people['Corin']}")).text("content")
    assert "Verified 0 of 1 Questions" in (await see(alice, f"{PLAYERS}/{people['Dara']}")).text("content")


async def test_the_preview_asks_for_the_reason_that_overruling_a_sign_in_needs(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    people = await _guild_of_three(guild)
    it = f"#{people['Velquin']}"
    shown = await see(alice, f"{PLAYERS}/preview", decision="unlink", character=it)
    assert "Velquin-area-52 is Corin’s, proven by a Battle.net sign-in." in shown.text("content")
    asked = {"decision": "unlink", "character": it}
    refused = await alice.post(f"{PLAYERS_API}/decisions", json=asked)
    assert refused.status_code == 409
    assert refused.json()["detail"].endswith("Give a reason to overrule that.")
    done = await alice.post(f"{PLAYERS_API}/decisions", json={**asked, "reason": WHY})
    assert done.status_code == 200, done.text
    assert WHY in (await see(alice, f"{PLAYERS}/characters/{people['Velquin']}")).text("content")


async def test_a_second_member_claims_the_account_after_an_officer_has_overruled_the_first(
    claiming: FastAPI, corin: Claimer, here: People
) -> None:
    await corin.claim(here.rows["Velquin"])
    dara = claimer(claiming, DARA, ACCOUNT_OF_CORIN)
    await dara.say_who()
    assert (await dara.prove()).status_code == 409
    (issue,) = await here.guild.open_issues("link_contradicts_proof")
    assert issue.summary.startswith("Corin and Dara signed in with the same Battle.net account")
    ((player,),) = await here.guild.rows("select id from guild_identity.players")
    await here.guild.decide(UnlinkMember(f"#{player}", WHY))
    assert await here.guild.open_issues("link_contradicts_proof") == []
    assert (await dara.prove()).status_code == 303
    assert (await dara.confirm(here.rows["Velquin"], here.rows["Odo"])).status_code == 303
    assert await here.guild.rows("select discord_user_id from guild_identity.claims") == [(here.members[DARA],)]
    assert await here.guild.rows("select discord_user_id from guild_identity.players") == [(here.members[DARA],)]
