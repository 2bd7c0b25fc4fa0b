-- Battle.net tells a rank's number only. When a rank is inserted or removed in the game, all numbers below it shift, and
-- the rank table (names, Discord roles) fits again only when the addon has named the ranks or an officer has confirmed it.
-- This is the number that a character had when the table last fitted: single promotions move it along, but when whole
-- ranks move at once it stays behind. Null: not known yet.
alter table guild_identity.wow_characters
    add column settled_rank_index smallint check (settled_rank_index between 0 and 9);

update guild_identity.wow_characters set settled_rank_index = rank_index where removed_at is null;

-- Guilds in which ranks were left by all who held them, and by how many; fewer than three may be promotions.
create view guild_identity.moved_ranks as
select guild_id, sum(characters)::integer as characters
from (
    select guild_id, settled_rank_index, count(*) as characters
    from guild_identity.wow_characters
    where removed_at is null and settled_rank_index is not null
    group by guild_id, settled_rank_index
    having bool_and(rank_index <> settled_rank_index)
) abandoned
group by guild_id
having sum(characters) >= 3;
