"""One page for each rule: what, why, when it is left to a person, how it is found, what the fix would do, examples."""
