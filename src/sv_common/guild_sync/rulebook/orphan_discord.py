"""A Discord member with a guild role who is no player."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.changeset import Changeset, Named
from sv_common.guild_sync.changes.row_changes import attach_member, create_player, link
from sv_common.guild_sync.core.basis import LinkEvidence
from sv_common.guild_sync.core.language import mark, number, tr, tr_n
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.core.text import enumerated, with_or
from sv_common.guild_sync.identity.facts import KnownCharacter, KnownMember
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.issues.explanation import Evidence, Explanation, Source
from sv_common.guild_sync.issues.material import Material
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.rulebook.candidates.members import (
    candidates_for_member,
    players_named_like,
    unlinked_of_member,
)
from sv_common.guild_sync.rulebook.dependence import depends_on
from sv_common.guild_sync.rulebook.examples.orphan_discord import EXAMPLES
from sv_common.guild_sync.rulebook.explain import MEMBER_HAS_LEFT, Known, rank_review_reason
from sv_common.guild_sync.rulebook.rule import Asked, Remedy, RuleDefinition

ISSUE_TYPE = "orphan_discord"
SQL = load_sql(__package__, "orphan_discord.sql")


async def detect(
    guild: GuildConnection,
    *,
    now: datetime | None = None,  # noqa: ARG001 -- every detector takes the time
    among: Collection[int] | None = None,
) -> list[Finding]:
    rows = await guild.rows(SQL["find"], among=None if among is None else list(among))
    return [
        Finding(
            ISSUE_TYPE,
            guild.id,
            SubjectKind.DISCORD_MEMBER,
            member_id,
            tr("Discord member '{member}' has a guild role but no player", member=name),
            {
                "discord_member_id": member_id,
                "member": name,
                "discord_id": discord_id,
                "roles": roles,
                "role_ids": role_ids,
            },
        )
        for member_id, name, discord_id, roles, role_ids in rows
    ]


async def plan(guild: GuildConnection, findings: Sequence[Finding]) -> list[Changeset]:
    """Create the player with the unlinked characters that mean this member, or join an existing player of that name."""
    if not findings:
        return []
    resolver = await resolver_of(guild)
    return [_plan(resolver, resolver.facts.members[finding.subject_id]) for finding in findings]


def _plan(resolver: Resolver, member: KnownMember) -> Changeset:
    characters = [(c, why, resolver.basis_of(c)) for c, why in unlinked_of_member(resolver, member)]
    namesakes = players_named_like(resolver, member)
    if len(namesakes) == 1 and not characters:
        player = namesakes[0]
        waits = rank_review_reason(resolver.facts, resolver.characters_of(player.id))
        return Changeset(
            (attach_member(player.named, member.named),),
            tr("The player {player} has this name and no Discord member.", player=player.display_name),
            waits,
        )
    if namesakes:
        names = with_or([player.display_name for player in namesakes])
        return Changeset.none(
            tr(
                "{member} could be the player {names}, who has no Discord member. Link them if so.",
                member=member.display_name,
                names=names,
            )
        )
    if not characters and (others := players_named_like(resolver, member, rejected=True)):
        names = with_or([player.display_name for player in others])
        return Changeset.none(
            tr(
                "An officer ruled out the player {names} for {member} on Discord. Undo that if they match.",
                names=names,
                member=member.display_name,
            )
        )
    if not characters:
        return Changeset.none(tr("No unknown character's note or name matches {member}.", member=member.display_name))
    return _create(member, characters)


def _create(member: KnownMember, characters: Sequence[tuple[KnownCharacter, str, LinkEvidence]]) -> Changeset:
    own = [character for character, _, _ in characters if character.name_key in member.name_keys]
    main = own[0] if len(own) == 1 else None
    player = Named(-member.id, member.display_name)
    create = create_player(*player, member.named, main.named if main else None)
    links = [link(c.named, player, why, basis) for c, why, basis in characters]
    return Changeset(
        (create, *links),
        tr("Unknown characters that match {member}: {n}.", member=member.display_name, n=number(len(links))),
        waits_for_officer=tr("Creating a player needs your click."),
    )


def explain(known: Known, finding: Finding) -> Explanation:
    member = known.member(finding.subject_id)
    if member is None:
        return Explanation((Evidence(Source.DISCORD, tr(MEMBER_HAS_LEFT)),), tr(MEMBER_HAS_LEFT))
    roles = ", ".join(role for role in finding.details.get("roles") or () if role)
    evidence = [Evidence(Source.DISCORD, _on_the_server(member))]
    if roles:
        evidence.append(Evidence(Source.DISCORD, tr("Guild roles: {roles}.", roles=roles)))
    evidence.append(Evidence(Source.RECORD, _record_of_member(known, member)))
    meant = [c.label for c, _ in unlinked_of_member(known.resolver, member)]
    of_notes = tr("No unknown character's note or name matches {member}.", member=member.display_name)
    if meant:
        names = enumerated(meant)
        of_notes = tr(
            "Unknown characters whose note or name matches {member}: {names}.", member=member.display_name, names=names
        )
    evidence.append(Evidence(Source.NOTE, of_notes))
    return Explanation(
        tuple(evidence), tr("{member} has a guild role but no known characters.", member=member.display_name)
    )


def _record_of_member(known: Known, member: KnownMember) -> str:
    player_id = known.resolver.player_of_member(member.id)
    if player_id is not None:
        return tr("{member} is the player {player}.", member=member.display_name, player=known.player(player_id))
    namesakes = players_named_like(known.resolver, member)
    if not namesakes:
        return tr(
            "{member} is not a player yet, and no player without a Discord member has this name.",
            member=member.display_name,
        )
    names = enumerated([player.display_name for player in namesakes])
    return tr(
        "{member} is not a player yet. Players with this name and no Discord member: {names}.",
        member=member.display_name,
        names=names,
    )


def _on_the_server(member: KnownMember) -> str:
    known = {name_key(member.display_name)}
    others = []
    for name in (member.global_name or "", member.username):
        if name and name_key(name) not in known:
            known.add(name_key(name))
            others.append(name)
    if not others:
        return tr("{member} is on the server.", member=member.display_name)
    names = enumerated(others)
    return tr("{member} is on the server, also called {names}.", member=member.display_name, names=names)


_CHOOSE_A_CHARACTER = mark(
    "Choose one of their characters, or write their name into its guild note: after the next export, the fix can "
    "create the player. Or dismiss the issue."
)


def question(asked: Asked) -> str:
    if asked.plan is None:
        return tr("Which characters are {name}’s?", name=asked.name)
    names, linked = asked.plan.names, list(asked.plan.linked)
    if linked:
        characters = enumerated([names["character", each] for each in linked])
        return tr_n(
            "Is {characters} {name}’s?",
            "Are {characters} {name}’s?",
            len(linked),
            characters=characters,
            name=asked.name,
        )
    players = [row.id for row in asked.plan.rows if row.table == "player"]
    return tr("Is {name} the player {player}?", name=asked.name, player=names["player", players[0]])


RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name=mark("Unlinked Discord Member"),
    description=mark("Discord member with a guild role but no player record"),
    severity=Severity.WARNING,
    subject=SubjectKind.DISCORD_MEMBER,
    auto_mitigate=False,
    detect=detect,
    detect_among=detect,
    depends_on=depends_on("members", "ranks", "players"),
    is_local=True,
    plan=plan,
    explain=explain,
    question=question,
    candidates=candidates_for_member,
    remedy=lambda known, member_id: Remedy(tr(_CHOOSE_A_CHARACTER)),  # noqa: ARG005 -- the same for every member
    affects=(
        "orphan_wow",
        "role_mismatch",
        "note_mismatch",
        "stale_character",
        "departed_with_roles",
        "stale_discord_link",
        "account_conflict",
    ),
    why=mark("This member has a guild role on Discord, but their characters are unknown."),
    left_to_officer=mark(
        "You create players, not automation. The fix offers one if notes or names of unknown characters match only "
        "this member. It links the member if exactly one player of this name has no Discord member yet. Otherwise, "
        "choose one of their characters. The fix never restores a link that an officer removed."
    ),
    material=(
        Material(
            "roles",
            mark("the guild roles"),
            mark("with {}"),
            mark("the member has {}"),
            lambda d: d["role_ids"],
            lambda d: ", ".join(filter(None, d["roles"])),
        ),
    ),
    examples=EXAMPLES,
)
