"""Directives, used alone: no runner, and no network but loopback."""
