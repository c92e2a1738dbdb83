"""The literal list of ways to find checks."""
from __future__ import annotations

from trigger.discoveries.git import GitDiscovery
from trigger.discoveries.recording import RecordingDiscovery

DISCOVERIES = {"git": GitDiscovery, "recording": RecordingDiscovery}
