"""From a job to a TAP file."""
