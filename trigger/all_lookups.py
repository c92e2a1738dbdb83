"""The literal list of lookups."""
from __future__ import annotations

from trigger.lookups.bodhi import BodhiLookup
from trigger.lookups.recording import RecordingLookup

LOOKUPS = {"bodhi": BodhiLookup, "recording": RecordingLookup}
