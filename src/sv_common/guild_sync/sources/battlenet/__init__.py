"""Battle.net: rosters, profiles, realms."""
