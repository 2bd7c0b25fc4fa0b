"""Account evidence: which characters own the same battle pets, and so belong to one Battle.net account."""
