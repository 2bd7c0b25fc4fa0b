"""Guild sync: three sources in, issues with a life, targeted fixes out. See `docs/architecture.md` for the floors."""
