"""The words of this field, pure: no database, no network, no clock."""
