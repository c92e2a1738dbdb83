"""The literal list of schedulers."""
from __future__ import annotations

from trigger.schedulers.buildbot import BuildbotScheduler
from trigger.schedulers.recording import RecordingScheduler

SCHEDULERS = {"buildbot": BuildbotScheduler, "recording": RecordingScheduler}
