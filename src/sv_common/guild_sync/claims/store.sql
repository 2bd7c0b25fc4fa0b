-- name: member
-- The person on the server with an id on Discord.
select d.id, d.display_name, g.region, g.name as guild, g.language
from guild_identity.discord_users d
join guild_identity.guilds g on g.id = d.guild_id
where d.guild_id = %(guild_id)s and d.discord_id = %(discord_id)s and d.is_present and not d.is_bot

-- name: keep_reading
-- One reading of each member; those that nobody confirmed within their time are forgotten on the way.
with stale as (
    delete from guild_identity.claim_readings
    where guild_id = %(guild_id)s and read_at < now() - %(lifetime)s::interval and discord_user_id <> %(member_id)s
)
insert into guild_identity.claim_readings as r (guild_id, discord_user_id, account_hash, characters)
values (%(guild_id)s, %(member_id)s, %(account_hash)s, %(characters)s)
on conflict (guild_id, discord_user_id) do update
    set account_hash = excluded.account_hash, characters = excluded.characters, read_at = now()

-- name: reading
select account_hash, characters
from guild_identity.claim_readings
where guild_id = %(guild_id)s and discord_user_id = %(member_id)s and read_at >= now() - %(lifetime)s::interval

-- name: forget_reading
delete from guild_identity.claim_readings where guild_id = %(guild_id)s and discord_user_id = %(member_id)s

-- name: here
-- Which of the characters of an account are in the guild: by their numbers, and by realm and name where the roster has no
-- numbers for one. The place is that in the list.
select n.place::integer, c.id
from unnest(%(realm_ids)s::bigint[], %(character_ids)s::bigint[], %(realm_slugs)s::text[], %(name_keys)s::text[])
    with ordinality n (realm_id, character_id, realm_slug, name_key, place)
join guild_identity.wow_characters c
    on c.guild_id = %(guild_id)s and c.removed_at is null
   and case when c.blizzard_character_id is null or c.blizzard_realm_id is null
            then c.realm_slug = n.realm_slug and c.name_key = n.name_key
            else c.blizzard_realm_id = n.realm_id and c.blizzard_character_id = n.character_id end
order by n.place

-- name: holder
-- The member who has claimed an account. An officer may have said since that the player with its characters is not the member:
-- then anybody may claim it.
select m.id, m.discord_user_id
from guild_identity.claims m
where m.guild_id = %(guild_id)s and m.account_hash = %(account_hash)s
  and not exists (
      select from guild_identity.link_rejections r
      join guild_identity.player_characters l on l.guild_id = r.guild_id and l.player_id = r.player_id
      join guild_identity.claimed_here h on h.guild_id = l.guild_id and h.character_id = l.character_id
      where r.guild_id = m.guild_id and r.discord_user_id = m.discord_user_id and r.created_at > m.claimed_at
        and h.claim_id = m.id)

-- name: forget_overruled
-- The claim that another member had, and that an officer has overruled.
delete from guild_identity.claims
where guild_id = %(guild_id)s and account_hash = %(account_hash)s and discord_user_id <> %(member_id)s

-- name: claim
-- The member has proven an account, again or for the first time; of another member's claim nothing is changed.
insert into guild_identity.claims as c (guild_id, discord_user_id, account_hash)
values (%(guild_id)s, %(member_id)s, %(account_hash)s)
on conflict (guild_id, account_hash) do update set claimed_at = now() where c.discord_user_id = excluded.discord_user_id
returning id

-- name: forget_characters
-- Of an earlier sign-in, the characters that the newest has read again.
delete from guild_identity.claimed_characters k
using unnest(%(realm_ids)s::bigint[], %(numbers)s::bigint[]) n (realm_id, number)
where k.guild_id = %(guild_id)s and k.claim_id = %(claim_id)s
  and k.realm_id = n.realm_id and k.blizzard_character_id = n.number

-- name: add_characters
insert into guild_identity.claimed_characters
    (guild_id, claim_id, region, realm_id, blizzard_character_id, name, realm_slug, character_id)
select %(guild_id)s, %(claim_id)s, %(region)s, n.realm_id, n.number, n.name, n.realm_slug, n.character_id
from unnest(%(realm_ids)s::bigint[], %(numbers)s::bigint[], %(names)s::text[], %(realm_slugs)s::text[],
            %(character_ids)s::bigint[]) n (realm_id, number, name, realm_slug, character_id)

-- name: claimed
-- The characters that a member has claimed, those of the guild first.
select k.name, k.realm_slug, k.proven_at, c.id as character_id, c.character_class, c.level, r.name as rank, l.player_id,
       coalesce(l.basis = 'proven' and p.discord_user_id = %(member_id)s, false) as is_proven,
       p.main_character_id is not distinct from c.id and c.id is not null as is_main
from guild_identity.claims m
join guild_identity.claimed_characters k on k.guild_id = m.guild_id and k.claim_id = m.id
left join guild_identity.wow_characters c
    on c.guild_id = k.guild_id and c.removed_at is null
   and c.id = coalesce(k.character_id, (
           select o.id from guild_identity.wow_characters o
           where o.guild_id = k.guild_id and o.blizzard_realm_id = k.realm_id and o.removed_at is null
             and o.blizzard_character_id = k.blizzard_character_id))
left join common.guild_ranks r on r.guild_id = c.guild_id and r.id = c.guild_rank_id
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.players p on p.guild_id = l.guild_id and p.id = l.player_id
where m.guild_id = %(guild_id)s and m.discord_user_id = %(member_id)s
order by c.id is null, c.rank_index, k.name, k.realm_id, k.blizzard_character_id

-- name: claims_of_member
select id from guild_identity.claims where guild_id = %(guild_id)s and discord_user_id = %(member_id)s

-- name: proven_by
-- The characters of the guild that a member's claims stand for.
select k.character_id
from guild_identity.claims m
join guild_identity.claimed_characters k on k.guild_id = m.guild_id and k.claim_id = m.id
where m.guild_id = %(guild_id)s and m.discord_user_id = %(member_id)s and k.character_id is not null
union
select character_id from guild_identity.claimed_here where guild_id = %(guild_id)s and discord_user_id = %(member_id)s

-- name: forget_claims
delete from guild_identity.claims where guild_id = %(guild_id)s and discord_user_id = %(member_id)s

-- name: contest
insert into guild_identity.claim_contests as c (guild_id, claim_id, discord_user_id)
select guild_id, id, %(member_id)s from guild_identity.claims
where guild_id = %(guild_id)s and account_hash = %(account_hash)s and discord_user_id <> %(member_id)s
on conflict (guild_id, claim_id, discord_user_id) do update set contested_at = now()

-- name: facts
-- What the page shows of characters beside what decisions rest on.
select c.id, c.character_class, c.level, r.name as rank
from guild_identity.wow_characters c
left join common.guild_ranks r on r.guild_id = c.guild_id and r.id = c.guild_rank_id
where c.guild_id = %(guild_id)s and c.id = any (%(character_ids)s)
