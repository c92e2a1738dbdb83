"""
ResultsDB's API v3: what a bearer token may store. All reading is v2.0.

It exists where somebody may use it: with no token made and no identity
provider configured every path of it is a 404, as in the original.
"""
