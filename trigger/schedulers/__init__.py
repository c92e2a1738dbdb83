"""One file a way to hand over a job; `trigger/all_schedulers.py` lists them."""
