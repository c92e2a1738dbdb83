"""
Builds a second, and seconds from a job to its build: our master against bare Buildbot in the same run.

    python -m benchmarks.master --builds 60
"""
