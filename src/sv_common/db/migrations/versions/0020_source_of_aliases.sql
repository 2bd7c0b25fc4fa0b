-- Where an alias comes from: 'person' (an officer gave this very word), 'match' (a full match learned it from notes).
alter table guild_identity.player_note_aliases
    add column source text not null default 'person' check (source in ('person', 'match'));

-- What a match learned from notes counts as long as a note of one of the player's own characters bears it. Any other note
-- with the word may be somebody else's by now.
create view guild_identity.aliases_in_use as
select a.*
from guild_identity.player_note_aliases a
where a.source = 'person'
   or exists (
        select
        from guild_identity.player_characters l
        join guild_identity.wow_characters c on c.id = l.character_id
        where l.guild_id = a.guild_id and l.player_id = a.player_id
          and position(a.alias_key in normalize(lower(c.guild_note), NFC)) > 0
   );
