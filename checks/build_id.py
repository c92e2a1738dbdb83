"""The build id: names one run in every log, file and report."""
from __future__ import annotations

#: The build id of a run by hand. Never a real one, so a reader knows at once.
STANDALONE = "-1000"

#: Makes the trigger's build ids: the same key gives the same id, so a redelivered message keeps it.
_NAMESPACE = "6f9c1f0e-53c0-5b1e-9d7f-5e0c1b3a7d42"


class BuildIdError(ValueError):
    """Raised when a text is neither a UUID nor the standalone build id."""


def build_id_for(key: str) -> str:
    """Return the build id (UUID version 5) of a scheduling key."""
    from uuid import UUID, uuid5

    return str(uuid5(UUID(_NAMESPACE), key))


def parse_build_id(value: object) -> str:
    """
    Return the build id; None, "" and -1000 all mean a run by hand.

    Raises BuildIdError: anything else that is no UUID. A UUID is also safe as a folder name.
    """
    if value is None or value == "" or str(value) == STANDALONE:
        return STANDALONE
    # a run by hand, which a person waits for, does without
    from uuid import UUID

    try:
        return str(UUID(str(value)))
    except ValueError:
        raise BuildIdError(f"build id `{str(value)[:60]}` is neither a UUID nor {STANDALONE}") from None


def is_standalone(build_id: object) -> bool:
    """True for a run by hand."""
    return build_id is None or build_id == "" or str(build_id) == STANDALONE
