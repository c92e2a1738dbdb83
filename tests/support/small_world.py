"""
A small world of results for looking at the pages: builds, arches, scenarios; failing, flaky, running tests; odd names.

Fill a database and serve it:

    python -m tests.support.small_world sqlite:////tmp/world.db
    checkotron results serve --port 8000 --database sqlite:////tmp/world.db --additional-outcome CRASHED \
        --additional-outcome ABORTED --additional-outcome RUNNING --additional-outcome QUEUED

The same seed gives the same world, but for the time, which ends now.
"""
from __future__ import annotations

import random
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from reporting.database.all_storages import open_storage
from reporting.database.records import GroupChange, NewResult, TestcaseChange
from reporting.database.storage import Storage
from reporting.database.timestamps import now_microseconds

ADDITIONAL_OUTCOMES = ("CRASHED", "ABORTED", "ERROR", "RUNNING", "QUEUED")
MINUTE = 60_000_000
DAY = 1440 * MINUTE

_PACKAGES = ("xchat", "python3.12", "gcc", "bash", "systemd", "kernel", "libreoffice", "python-requests", "glibc",
             "firefox")
_STREAMS = ("fc42", "fc43")
_ARCHES = ("x86_64", "aarch64")
_CHECKS = ("rpmlint", "installability", "abi", "license", "hardening", "upgradepath")
_PER_ARCH = frozenset({"rpmlint", "installability", "abi"})
#: A build of every trouble, and the build before it: (check, arch, outcome).
SHOWCASE = "hello-2.12-2.fc43"
_SHOWCASE_BEFORE = "hello-2.12-1.fc43"
_SHOWN_BEFORE = (
    ("rpmlint", "x86_64", "PASSED"), ("rpmlint", "aarch64", "PASSED"), ("installability", "x86_64", "FAILED"),
    ("installability", "aarch64", "PASSED"), ("abi", "x86_64", "PASSED"), ("abi", "aarch64", "PASSED"),
    ("license", None, "PASSED"), ("upgradepath", None, "FAILED"), ("shebangs", None, "PASSED"))
_SHOWN = (
    ("rpmlint", "x86_64", "FAILED"), ("rpmlint", "aarch64", "PASSED"), ("installability", "x86_64", "PASSED"),
    ("installability", "aarch64", "PASSED"), ("abi", "x86_64", "NEEDS_INSPECTION"), ("abi", "aarch64", "RUNNING"),
    ("license", None, "PASSED"), ("upgradepath", None, "FAILED"), ("hardening", None, "CRASHED"))
_RPMLINT_OUTPUT = """xchat.x86_64: W: spelling-error %description -l en_US irc -> Irc, ice, IRA
xchat.x86_64: E: explicit-lib-dependency libsexy
xchat.x86_64: W: no-manual-page-for-binary xchat-remote
xchat.x86_64: E: non-standard-executable-perm /usr/bin/xchat 0775
xchat.src: W: invalid-url Source0: http://www.xchat.org/files/source/0.5/xchat-0.5.tar.bz2 HTTP Error 404: Not Found
2 packages and 0 specfiles checked; 2 errors, 3 warnings.
"""
_NOTES = {
    ("rpmlint", "FAILED"): "2 errors, 3 warnings", ("rpmlint", "PASSED"): "0 errors, 4 warnings",
    ("rpmlint", "INFO"): "0 errors, 12 warnings",
    ("installability", "FAILED"): "nothing provides libfoo.so.3()(64bit), needed by the -devel package",
    ("installability", "PASSED"): "6 packages can be installed",
    ("abi", "FAILED"): "2 functions removed, 1 changed", ("abi", "PASSED"): "no incompatible change",
    ("abi", "NEEDS_INSPECTION"): "3 symbols added without a version",
    ("license", "PASSED"): "GPL-2.0-or-later", ("license", "NEEDS_INSPECTION"): "`GPLv2+` is not an SPDX expression",
    ("hardening", "PASSED"): "4 executables, all PIE with full RELRO",
    ("upgradepath", "PASSED"): "lower than or equal to every later release",
    ("upgradepath", "FAILED"): "higher than 2.12-1.fc44 in fc44-updates",
    ("hardening", "CRASHED"): "readelf ended with signal 11", ("abi", "RUNNING"): "",
}
HOSTILE_ITEMS = (
    "../../etc/passwd", "<script>alert(1)</script>", "a/b//c/./d", "100% #1 ?x=y&z", "/leading/slash",
    "名前-1.0-1.fc42", "\u202eevil-1.0-1.fc42",
    "tab\there\x1b[31mred", "'; DROP TABLE result; --", "{{7*7}}", "x" * 500, " ",
    "\u0634\u0628\u0643\u0629", "comma,in,it", "javascript:alert(1)",
)


@dataclass
class World:
    """Makes results, remembers nothing but its dice."""

    dice: random.Random
    now: int

    def results(self) -> Iterator[NewResult]:
        """Yield the results in no particular order of time."""
        for package in _PACKAGES:
            for stream in _STREAMS:
                yield from self._package(package, stream)
        yield from self._showcase()
        yield from self._update()
        yield from self._compose()
        yield from self._hostile()

    def _package(self, package: str, stream: str) -> Iterator[NewResult]:
        builds = self.dice.randint(6, 12)
        age = self.dice.randint(0, 3 * 1440) * MINUTE // 4
        for number in range(builds, 0, -1):
            item = f"{package}-{1 + number // 5}.{number % 5}-{self.dice.choice((1, 2))}.{stream}"
            is_newest = number == builds
            for check in _CHECKS:
                for arch in _ARCHES if check in _PER_ARCH else (None,):
                    yield from self._check(item, check, arch, self.now - age, is_newest)
            age += self.dice.randint(2, 9) * DAY

    def _check(self, item: str, check: str, arch: str | None, at: int, is_newest: bool) -> Iterator[NewResult]:
        chance = self.dice.random()
        bad = {"rpmlint": 0.2, "installability": 0.06, "abi": 0.1, "license": 0.05}.get(check, 0.02)
        outcome = "FAILED" if chance < bad else "NEEDS_INSPECTION" if chance < bad * 1.4 else "PASSED"
        if check == "rpmlint" and chance > 0.8:
            outcome = "INFO"
        if check == "hardening" and chance > 0.97:
            outcome = "CRASHED"
        at -= self.dice.randint(0, 40) * MINUTE
        run = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        if outcome == "FAILED" and check == "installability":
            yield _result(check, item, "PASSED", at - 90 * MINUTE, arch=arch, seconds=21)
            yield _result(check, item, "FAILED", at - 60 * MINUTE, arch=arch, seconds=19)
            outcome = self.dice.choice(("PASSED", "FAILED"))
        if is_newest and chance > 0.93:
            yield _result(check, item, "RUNNING" if chance > 0.95 else "QUEUED", at, arch=arch, note="", run=run)
            return
        yield _result(check, item, outcome, at, arch=arch, run=run, seconds=self.dice.lognormvariate(3, 0.5))

    def _showcase(self) -> Iterator[NewResult]:
        for item, results, at in ((_SHOWCASE_BEFORE, _SHOWN_BEFORE, self.now - 9 * DAY), (SHOWCASE, _SHOWN,
                                                                                          self.now - 20 * MINUTE)):
            for number, (check, arch, outcome) in enumerate(results):
                run = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
                seconds = 4.0 + 3 * number if outcome != "RUNNING" else None
                yield _result(check, item, outcome, at + number * MINUTE, arch=arch, run=run, seconds=seconds)

    def _update(self) -> Iterator[NewResult]:
        for scenario in ("server_cockpit_default", "base_selinux", "desktop_terminal"):
            for machine in ("uefi", "64bit"):
                outcome = "FAILED" if (scenario, machine) == ("base_selinux", "uefi") else "PASSED"
                yield _plain(f"update.{scenario}", outcome, self.now - 3 * 60 * MINUTE, {
                    "item": ("FEDORA-2026-04459ef8cf",), "type": ("bodhi_update",), "arch": ("x86_64",),
                    "scenario": (f"fedora.updates-server.x86_64.{machine}",)})

    def _compose(self) -> Iterator[NewResult]:
        for day in range(3):
            item = f"Fedora-Rawhide-202611{21 - day:02d}.n.0"
            for number in range(30):
                bad = self.dice.random() < 0.1
                yield _plain(f"compose.install_{number:02d}", "FAILED" if bad else "PASSED",
                             self.now - day * DAY - number * MINUTE, {
                                 "item": (item,), "type": ("compose",), "productmd.compose.id": (item,),
                                 "system_architecture": (self.dice.choice(_ARCHES),)})

    def _hostile(self) -> Iterator[NewResult]:
        for number, item in enumerate(HOSTILE_ITEMS):
            testcase = f"odd/{item[:60]}" if number % 2 else "odd.names"
            yield NewResult("FAILED", TestcaseChange(testcase, "javascript:alert(2)"),
                            (GroupChange(f"g/{number}#<i>", f"<b>run</b> of {item[:40]}", "data:text/html,x"),),
                            f"<img src=x onerror=alert(3)> {item[:80]}", "javascript:alert(4)",
                            {"item": (item,), "type": ("koji_build" if number % 2 else "odd/type",),
                             "key <b>": ("a\x07b",), "k" * 300: ("two\nlines",)},
                            self.now - 2 * DAY - number * MINUTE)


def _result(check: str, item: str, outcome: str, at: int, *, arch: str | None = None, note: str | None = None,
            run: str | None = None, seconds: float | None = None) -> NewResult:
    said = note if note is not None else _NOTES.get((check, outcome), f"{check}: {outcome.lower()}")
    data = {"item": (item,), "type": ("koji_build",)}
    data |= {"arch": (arch,)} if arch else {}
    data |= {"duration_seconds": (f"{seconds:.1f}",)} if seconds else {}
    data |= {"output": (_RPMLINT_OUTPUT.replace("xchat", item.rsplit("-", 2)[0]),)} if check == "rpmlint" else {}
    groups = (GroupChange(run, f"dist.{check} for Koji build {item}",
                          f"https://logs.example.org/{run}/"),) if run else ()
    return NewResult(outcome, TestcaseChange(f"dist.{check}", f"https://docs.example.org/checks/{check}"), groups, said,
                     f"https://logs.example.org/{run}/cmd-output.log" if run else None, data, at)


def _plain(testcase: str, outcome: str, at: int, data: dict[str, tuple[str, ...]]) -> NewResult:
    return NewResult(outcome, TestcaseChange(testcase), (), None, "https://openqa.example.org/tests/4711", data, at)


def fill(storage: Storage, seed: int = 20) -> int:
    """Store the world, return how many results it has."""
    results = sorted(World(random.Random(seed), now_microseconds()).results(), key=lambda new: new.submit_time)
    storage.add_results(results)
    return len(results)


if __name__ == "__main__":
    opened = open_storage(sys.argv[1])
    print(f"{fill(opened)} results stored")
    opened.close()
