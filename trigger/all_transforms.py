"""The transforms in their order, the reason beside each."""
from __future__ import annotations

from trigger.transform import TransformSequence
from trigger.transforms.arch import split_by_arch
from trigger.transforms.border import hold_schema
from trigger.transforms.check import resolve_check
from trigger.transforms.fact import know_item
from trigger.transforms.item import translate_item
from trigger.transforms.label import label_job
from trigger.transforms.run import apply_run_using
from trigger.transforms.worker import choose_worker

TRANSFORMS = TransformSequence((
    # first: item types, arches and `run` are in the check's file
    resolve_check,
    # before the arches: an update of two builds on two arches is four jobs
    translate_item,
    # after the items: what the event says is about its own item only
    know_item,
    split_by_arch,
    choose_worker,
    # after item and arch, which are in the label; everything below can say whom it is about
    label_job,
    # after the worker: the same check runs otherwise in a container
    apply_run_using,
    # last: nothing changes any more
    hold_schema,
))
