"""Members who prove their characters with a Battle.net sign-in, and who end that again."""

from __future__ import annotations

from patt.bootstrap import Services
from simulation.guilds import LivingGuild
from sv_common.guild_sync.claims import claiming
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.simulators.model import WorldPerson
from sv_common.guild_sync.sources.battlenet.account import AccountCharacter
from sv_common.guild_sync.sources.battlenet.sign_in import BattleNetAccount

SECRET = InstallationSecret("a secret of the simulation, which is long enough for one")
WITHDRAWN = 0.15
"""Share of the visits to the page that end in unlinking what was proven before."""
OUTSIDERS_KEPT = 0.5


async def visit(services: Services, guild: LivingGuild) -> None:
    """Let a member sign in and confirm all that the page shows, or end what they have proven.

    Raises what the page would say, such as that nothing is proven yet.
    """
    people = [person for person in guild.world.people if person.member is not None and person.characters]
    if not people:
        return
    person = guild.rng.choice(people)
    discord_id = person.member.user_id if person.member else ""
    if guild.rng.random() < WITHDRAWN:
        await claiming.withdraw(services.pool, guild.guild_id, discord_id)
        return
    await claiming.keep_account(services.pool, guild.guild_id, discord_id, _account(guild, person), SECRET)
    async with services.pool.reading(guild.guild_id) as here:
        plan = (await claiming.standing(here, discord_id)).plan
    if plan is not None and plan.entries:
        await claiming.confirm(
            services.pool,
            guild.guild_id,
            discord_id,
            seen=plan.key,
            chosen=[each.id for each in plan.entries],
            remembers_others=guild.rng.random() < OUTSIDERS_KEPT,
        )


def _account(guild: LivingGuild, person: WorldPerson) -> BattleNetAccount:
    """The account of a person: their characters in the guild and out of it. Sometimes somebody signs in with another's."""
    owner = person if guild.rng.random() < 0.9 else guild.rng.choice(guild.world.people)
    characters = tuple(
        AccountCharacter(each.realm.realm_id, each.character_id, each.name, each.realm.slug, each.class_id, each.level)
        for each in owner.characters
    )
    return BattleNetAccount("https://oauth.battle.net", f"{owner.main.character_id}", "us", 1, characters)
