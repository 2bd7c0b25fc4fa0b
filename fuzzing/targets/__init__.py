"""What is fuzzed: each module has a `check` that takes any bytes, and fails where a promise of its reader is broken."""
