-- An officer has decided that a rank maps to no Discord role, so that it is not taken for one that was forgotten.
alter table common.guild_ranks
    add column is_without_role boolean not null default false,
    add check (not is_without_role or discord_role_id is null);
