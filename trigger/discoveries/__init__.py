"""One file a way to find checks; `trigger/all_discoveries.py` lists them."""
