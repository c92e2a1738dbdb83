"""`checkotron up`: every process of the system on one machine."""
