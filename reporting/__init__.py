"""From a TAP file to everyone who waits for it."""
