"""The package sources, one file each; the list is runner/all_package_sources.py."""
