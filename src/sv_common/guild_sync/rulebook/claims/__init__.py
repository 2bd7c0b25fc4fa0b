"""Pages of the rules about what members have proven by signing in with Battle.net."""
