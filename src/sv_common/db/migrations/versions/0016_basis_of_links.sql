-- What each link rests on, strongest first: 'proven' (the game's own sign-in), 'officer' (a person decided this very
-- link), 'account' (the same account as a proven or an officer's link), 'note', 'name' (a name that is the same on Discord).
alter table guild_identity.player_characters
    add column basis text not null default 'note' check (basis in ('proven', 'officer', 'account', 'note', 'name')),
    add column basis_note text,      -- the guild note under which the link was made or last confirmed; null: none was known
    add column vouched_by text,      -- the officer who made or confirmed the link; null: nobody did
    add column vouched_at timestamptz,
    add constraint vouched_by_whom check ((vouched_by is null) = (vouched_at is null));

-- The same for the other half of the way from a character to a Discord member.
alter table guild_identity.players
    add column discord_basis text check (discord_basis in ('proven', 'officer', 'account', 'note', 'name')),
    add column discord_vouched_by text,
    add column discord_vouched_at timestamptz,
    add constraint discord_vouched_by_whom check ((discord_vouched_by is null) = (discord_vouched_at is null));

-- Characters of which a person, or the game itself, said that they are a certain Discord member's: both halves of the way.
create view guild_identity.vouched_characters as
select l.guild_id, l.character_id, l.player_id, p.discord_user_id
from guild_identity.player_characters l
join guild_identity.players p on p.guild_id = l.guild_id and p.id = l.player_id
where p.discord_user_id is not null
  and (l.basis = 'proven' or l.vouched_by is not null)
  and (p.discord_basis = 'proven' or p.discord_vouched_by is not null);
