"""One file a way of running, its schema on top; `trigger/all_run_usings.py` lists them."""
