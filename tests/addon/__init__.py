"""The in-game addon: its real files, run by real Lua 5.1 in a client that has the game's traps."""
