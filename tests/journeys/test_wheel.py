"""The demo works from an installed wheel, outside any checkout."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: What the wheel is made of.
SOURCES = ("setup.cfg", "setup.py", "pyproject.toml", "MANIFEST.in", "LICENSE", "README.md", "checkotron.py", "checks",
           "trigger", "runner", "reporting", "buildbot-master")


def run(*command: str | Path, folder: Path, seconds: float = 120.0) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False,
                          timeout=seconds, stdin=subprocess.DEVNULL, env=environment | {"PYTHONNOUSERSITE": "1"})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel; what we depend on comes from the environment that runs the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(place, source / name)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
        "--wheel-dir", folder, source, folder=folder)
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", folder=folder)
    python = folder / "venv" / "bin" / "python"
    wheel = next(folder.glob("checkotron-*.whl"))
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel,
        folder=folder)
    # a line in a .pth file adds the folder without the editable install that it may hold
    site = next((folder / "venv" / "lib").glob("python3*")) / "site-packages"
    (site / "tests-dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    shutil.rmtree(source)
    return folder / "venv"


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_demo_runs_from_an_installed_wheel(installed: Path, tmp_path: Path) -> None:
    where = run(installed / "bin" / "python", "-c", "import buildbot_master; print(buildbot_master.__file__)",
                folder=tmp_path)

    said = run(installed / "bin" / "checkotron", "demo", "--state", tmp_path / "state", folder=tmp_path, seconds=180)

    assert where.startswith(str(installed))
    assert said.startswith("PASSED  dist.rpmlint  hello-checkotron-1.2-3.fc43  0 ERRORS, 7 WARNINGS")


@pytest.mark.slow
def test_the_configuration_of_an_installed_wheel_passes(installed: Path, tmp_path: Path) -> None:
    where = Path(run(installed / "bin" / "python", "-c", "import buildbot_master; print(buildbot_master.__file__)",
                     folder=tmp_path).strip()).parent

    code = "from buildbot.scripts.runner import run; run()"
    said = run(installed / "bin" / "python", "-P", "-c", code, "checkconfig", where, folder=tmp_path)

    assert said.strip() == "Config file is good!"
