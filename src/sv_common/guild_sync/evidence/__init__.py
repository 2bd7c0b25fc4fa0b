"""Why a finding is there, in words: told anew from the data as it is now, by the same decisions that the fixes rest on.

1. `known` is what a story is told from: the directory of the guild, and what is remembered about the subject.
2. `stories` has one story for each rule: what each source says, and what does not fit.
3. `possibilities` names everybody who could be meant, with what speaks for each and what against.

All of it is pure; `issue_story` reads what it needs.
"""
