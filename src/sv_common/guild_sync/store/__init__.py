"""Rows in, frozen dataclasses out: one module and one `.sql` file for each group of tables."""
