"""One file a command of `checkotron results`; `reporting/database/cli.py` lists them."""
