"""Claims: members prove with a Battle.net sign-in which characters are theirs."""
