"""From a bus message to jobs in Buildbot."""
