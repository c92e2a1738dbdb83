"""The units for systemd: systemd accepts them, and every command line in them is one of ours as it is today."""
from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.support.units import UNITS, parse, unit, words

NAMES = [path.stem.removeprefix("checkotron-") for path in sorted(UNITS.glob("checkotron-*.service"))]
#: Seconds of the longest act that a part must be able to end, and a little more.
GRACES = {"results": 30, "master": 30, "worker@": 20 + 10, "deliver": 30, "trigger": 60}
#: systemd's own measure of what a unit may do: 0 is nothing, 10 everything. The worker needs namespaces.
EXPOSURES = {"results": 20, "master": 20, "worker@": 55, "deliver": 20, "trigger": 20}


def test_there_is_a_unit_for_each_part() -> None:
    assert sorted(NAMES) == sorted(GRACES)


@pytest.mark.parametrize("name", NAMES)
def test_systemd_accepts_the_unit_and_finds_it_safe(name: str, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    assert analyze, "systemd-analyze is missing; install it (Debian: apt-get install systemd)"
    text = (UNITS / f"checkotron-{name}.service").read_text()
    path = tmp_path / f"checkotron-{name.replace('@', '@worker1')}.service"
    path.write_text(text.replace("/opt/checkotron/bin", str(Path(sys.executable).parent)))

    verified = subprocess.run([analyze, "verify", "--man=no", "--recursive-errors=no", path], capture_output=True,
                              text=True, timeout=60, check=False)
    secured = subprocess.run([analyze, "security", "--offline=yes", "--no-pager", f"--threshold={EXPOSURES[name]}",
                              path], capture_output=True, text=True, timeout=60, check=False)

    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    assert secured.returncode == 0, secured.stdout[-300:]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_of_a_unit_is_understood(name: str) -> None:
    ours = unit(name)
    lines = [line for key in ("ExecStartPre", "ExecStart", "ExecReload") for line in ours.all(key)]
    environment = {"CHECKOTRON_DATABASE": "sqlite:////x", "CHECKOTRON_BUS": "amqp://x"}

    for line in lines:
        if "/opt/checkotron/bin/" in line:
            parse(words(line), environment)


def test_the_unit_for_everything_on_one_machine_is_understood(tmp_path: Path) -> None:
    text = (UNITS / "checkotron.service").read_text()
    (line,) = [line.removeprefix("ExecStart=") for line in text.splitlines() if line.startswith("ExecStart=")]
    rules = tmp_path / "rules.yml"
    rules.write_text("[]\n")

    assert parse(words(line.replace("/etc/checkotron/rules.yml", str(rules))))


def test_an_option_that_is_not_there_is_noticed() -> None:
    with pytest.raises(click.NoSuchOption):
        parse(["checkotron", "results", "deliver", "--no-such-option"])


def test_a_missing_option_is_noticed() -> None:
    with pytest.raises(click.MissingParameter):
        parse(["checkotron", "results", "serve"])


@pytest.mark.parametrize("name", NAMES)
def test_a_part_has_the_time_to_end_in_order_and_comes_back(name: str) -> None:
    ours = unit(name)

    assert int(ours.one("TimeoutStopSec")) > GRACES[name]
    assert ours.one("Restart") == "always"
    assert ours.one("StartLimitIntervalSec") == "0"


def test_a_sandbox_can_be_made_by_the_worker() -> None:
    ours = {key for key, _ in unit("worker@").lines}

    assert not ours & {"RestrictNamespaces", "SystemCallFilter", "ProtectProc", "ProcSubset", "ProtectKernelTunables",
                       "ProtectKernelLogs", "PrivateUsers"}
    assert unit("worker@").one("User") != unit("master").one("User")
    assert unit("worker@").one("KillMode") == "mixed"


def test_no_secret_stands_in_a_unit() -> None:
    for name in NAMES:
        for _, value in unit(name).lines:
            assert "://" not in value or "@" not in value, (name, value)
