"""The pages of members, who have no access to the pages of officers."""
