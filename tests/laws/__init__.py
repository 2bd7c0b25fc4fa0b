"""The laws that hold for every rule and every guild, as property tests over generated guilds."""
