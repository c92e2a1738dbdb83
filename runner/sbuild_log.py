"""What an sbuild log says about the build: the status of its summary, and the lines that matter."""
from __future__ import annotations

import re
from dataclasses import dataclass

SUCCESSFUL, SKIPPED = "successful", "skipped"
#: Stages whose failure is the package's own; every other one is a fault of the machine, the chroot or the network.
_OF_THE_PACKAGE = {"build", "dpkg-buildpackage", "unpack", "check-unpacked-version", "arch-check",
                   "check-architecture", "install-deps", "parse-changes", "hack-binNMU", "source-only-changes"}
_NETWORK = re.compile(r"Failed to fetch|Temporary failure resolving|Could not (?:resolve|connect to)|"
                      r"Unable to connect to")
_RULE = re.compile(r"^\+-+\+$\n^\| (.+?) +\|$\n^\+-+\+$", re.MULTILINE)
#: Lines of a failed build that become the output of its result.
_LINES = 60


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of a log."""

    #: `successful`, `attempted`, `failed`, `given-back`, `skipped`; empty where the log has no summary.
    status: str
    #: `build`, `install-deps`, `create-session`, ...; empty where nothing failed.
    fail_stage: str
    #: The last lines before sbuild tidied up.
    lines: tuple[str, ...]
    #: The line that begins with `E:`.
    error: str = ""

    @property
    def is_of_the_package(self) -> bool:
        """True where the failure says something about the package, and not about the surroundings."""
        if self.status == SKIPPED:
            return True
        if self.fail_stage == "install-deps" and any(map(_NETWORK.search, self.lines)):
            return False
        return self.fail_stage in _OF_THE_PACKAGE


def summary_of(tail: str) -> Summary:
    """
    Return the summary at the end of a log.

    The last one counts: what a package prints while it builds stands before it.
    """
    sections = list(_RULE.finditer(tail))
    summary = next((each for each in reversed(sections) if each.group(1) == "Summary"), None)
    fields = dict(re.findall(r"^([A-Z][A-Za-z-]+): (.*)$", tail[summary.end():], re.MULTILINE)) if summary else {}
    after_build = [each for each in sections if each.group(1) in ("Post Build", "Cleanup")]
    end = after_build[0].start() if after_build else summary.start() if summary else len(tail)
    lines = [line.rstrip() for line in tail[:end].splitlines() if line.strip()]
    error = next((line for line in reversed(tail.splitlines()) if line.startswith("E: ")), "")
    return Summary(fields.get("Status", "").strip(), fields.get("Fail-Stage", "").strip(), tuple(lines[-_LINES:]),
                   error.removeprefix("E: ").strip())
