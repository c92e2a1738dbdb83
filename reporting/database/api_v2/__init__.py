"""ResultsDB's API v2.0: one file a kind of row."""
