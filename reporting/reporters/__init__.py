"""One file a destination; `reporting.all_reporters` lists them."""
