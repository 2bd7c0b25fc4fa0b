"""One engine for all rules: scan, plan, fix, record, undo."""
