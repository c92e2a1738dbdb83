"""One file a system that talks on the bus; `trigger/all_topics.py` lists them."""
