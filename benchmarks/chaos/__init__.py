"""
Kills every part of the whole system at random moments while messages flow, and counts what was lost or doubled.

    python -m benchmarks.chaos --rounds 40 --seed 7 --seconds 400 --report rounds.jsonl

A round is 50 messages, during which one to three parts are killed with -9. The
parts are the real ones and only the killed one starts again; the next round's
messages begin while the last round's builds still run, so no time goes by in
waiting. At the end everything must come to rest, and every message of every
round must have exactly one row. A seed fixes who is killed at which message.
Only the pauses before a restart are shorter than in production.

    python -m benchmarks.chaos --faults cut,freeze,disk,clock

has other faults in place of kills: connections that are silent or reset,
processes that stand still for some seconds, full disks, clocks that jump.

    python -m benchmarks.chaos --master-database postgresql --faults kill,database

gives the master a PostgreSQL of its own, which is killed like the others, stopped
for up to a minute, ends its sessions, has no connection left, or cannot be reached.
"""
