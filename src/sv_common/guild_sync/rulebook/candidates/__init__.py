"""Who the subject of a finding could be: each candidate with reasons for and against and a strength, those ruled out last."""
