-- The realms of each region: the game client writes a realm's name in its own language, and no slug can be told from it.
create table common.realms (
    region text not null check (region in ('us', 'eu', 'kr', 'tw')),
    realm_id bigint not null,
    slug text not null check (slug <> ''),
    names text[] not null,  -- in the languages of the region, each name once, the region's first language first
    fetched_at timestamptz not null default now(),
    primary key (region, realm_id)
);
