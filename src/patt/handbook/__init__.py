"""The documents that are written from the product: `docs/rules.md` and `docs/api.md`."""
