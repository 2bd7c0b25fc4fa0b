"""The one engine of all fixes: plan, apply, verify by detecting again, log, undo.

1. `planning` looks at the issues as they are now and makes their plans.
2. `database_steps` and `discord_steps` carry plans out and remember each row before and after.
3. `engine` ties it together: all or nothing for each issue, verified before it is believed, recorded as an attempt.
4. `undo` puts back exactly what an attempt changed, or refuses.
"""
