"""One file a database; see `reporting/database/storage.py`."""
