"""One file a system that can be asked; `trigger/all_lookups.py` lists them."""
