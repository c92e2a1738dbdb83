"""The executors, one file each; the list is runner/all_executors.py."""
