"""The one representation of change: what would be written, what was written, and how both are shown and undone.

1. `changeset` says what would change, as data: rows before and after, and roles on Discord.
2. `describe` turns it into the table and the sentences that people read.
3. `apply` compares it with the database and writes it, or undoes what was written; `roles` does the same on Discord.
4. `attempts` keeps what was done.
"""
