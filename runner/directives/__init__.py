"""The directives, one file each; the list is runner/all_directives.py."""
