"""One file a transform; `trigger/all_transforms.py` has their order and the reasons for it."""
