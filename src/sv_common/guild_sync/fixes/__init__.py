"""The one engine of all fixes: plan, apply, verify by detecting again, log, undo.

1. `planning` looks at the issues as they are now and makes their plans.
2. `in_database` and `on_discord` apply them: all or nothing for each issue, and verified before it is believed.
   `recording` keeps what came of them as attempts; `engine` ties it together.
3. `undo` puts back exactly what an attempt changed, or refuses.
"""
