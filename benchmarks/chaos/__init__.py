"""
Kills every part of the whole system at random moments while messages flow, and counts what was lost or doubled.

    python -m benchmarks.chaos --rounds 20 --seed 7

A round: 50 messages are published, some parts are killed with -9 meanwhile,
and then every message must have exactly one row. The same seed gives the same
kills at the same moments after the start of the round.
"""
