"""One file a kind of store; `trigger/all_stores.py` lists them."""
