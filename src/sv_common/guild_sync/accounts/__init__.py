"""Account evidence: which characters have the same battle pets or achievements, and so belong to one Battle.net account."""
