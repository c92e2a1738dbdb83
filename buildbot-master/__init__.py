"""The Buildbot master of Checkotron: its configuration, and the stack that starts everything on one machine."""
