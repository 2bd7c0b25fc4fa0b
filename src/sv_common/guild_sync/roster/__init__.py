"""What the sources said last: guilds, characters, members, ranks, profiles, realms, uploads, runs."""
