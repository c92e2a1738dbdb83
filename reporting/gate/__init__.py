"""
May an item go out? Greenwave's policies over the results of any ResultsDB.

`policy` reads the files, `subject` knows the kinds of items, `decision` asks
every rule, `requirement` is what a rule answers, `waivers` and `remote` fetch
what people said, and `explanation` says it to a person. Followed: Greenwave's
documentation (docs.pagure.org/greenwave: policies, package-specific policies,
decision requirements, decision API).
"""
