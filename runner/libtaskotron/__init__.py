"""
What checks written for Taskotron import: `from libtaskotron import check`.

A copy of this folder lies beside the harness wherever the function of such a
check runs, so that its code needs no change. Standard library only; nothing of
ours imports it.
"""
