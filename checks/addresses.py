"""Where the running system answers: one file in the state folder, written by `up`, read by every command."""
from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

#: Inside the state folder.
FILE_NAME = "addresses.json"


class AddressesError(Exception):
    """Raised when the state folder does not say where the system answers; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """URLs without a slash at the end, and the files that hold secrets; None where a part does not run."""

    #: The results database, "http://127.0.0.1:5001".
    results_url: str | None = None
    #: Buildbot's pages.
    buildbot_url: str | None = None
    #: Below it lies a folder a build id.
    artifacts_url: str | None = None
    #: The trigger's way into the master.
    door_url: str | None = None
    #: Holds the door's bearer token; mode 0600.
    door_token_file: str | None = None
    #: What the trigger goes by; None: the rules that are shipped.
    rules_file: str | None = None
    #: Its further folders of checks.
    check_folders: tuple[str, ...] = ()

    def log_url(self, build_id: str) -> str | None:
        """Return where the log of a run lies, None without an artifacts server."""
        return f"{self.artifacts_url}/{build_id}/" if self.artifacts_url else None


def default_state_folder(environ: Mapping[str, str]) -> Path:
    """Return $CHECKOTRON_STATE, else `checkotron` in $XDG_STATE_HOME, else ~/.local/state/checkotron."""
    if named := environ.get("CHECKOTRON_STATE"):
        return Path(named)
    base = environ.get("XDG_STATE_HOME") or os.path.join(environ.get("HOME", "/"), ".local", "state")
    return Path(base) / "checkotron"


def write_addresses(state: Path, addresses: Addresses) -> None:
    """Write the file; a reader sees the old or the new content, never half of it."""
    part = state / (FILE_NAME + ".part")
    part.write_text(json.dumps(asdict(addresses), indent=2) + "\n", encoding="utf-8")
    part.replace(state / FILE_NAME)


def read_addresses(state: Path) -> Addresses:
    """Return what `up` wrote. Raises AddressesError: no such file, or not readable."""
    path = state / FILE_NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        known = {key: data[key] for key in Addresses.__dataclass_fields__ if data.get(key) is not None}
        return Addresses(**known | {"check_folders": tuple(map(str, known.get("check_folders", ())))})
    except FileNotFoundError:
        raise AddressesError(
            f"{path}: not there, so nothing runs with this state folder; start it with `checkotron up --state {state}`,"
            " or name the address yourself") from None
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise AddressesError(f"{path}: cannot be read ({error}); restart `checkotron up --state {state}`") from None
