"""The import rules and the completeness of every list, as tests."""
from __future__ import annotations

import configparser
import importlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import checkotron

ROOT = Path(__file__).resolve().parents[1]


def test_the_import_rules_hold() -> None:
    done = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", checkotron.COMMANDS)
def test_every_command_in_the_list_is_there_and_its_line_is_its_own(name: str) -> None:
    module, attribute, line = checkotron.COMMANDS[name]
    command = getattr(importlib.import_module(module), attribute)

    assert command.name == name
    assert command.get_short_help_str(200).rstrip(".") == line.rstrip(".")


def test_help_imports_no_folder_of_ours() -> None:
    code = ("import sys, checkotron; checkotron.cli.main(['--help'], standalone_mode=False); "
            "print(sorted({m.partition('.')[0] for m in sys.modules} & "
            "{'checks', 'trigger', 'runner', 'reporting', 'buildbot_master', 'twisted', 'yaml', 'requests', 'rich'}))")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(("seam", "folder", "the_list"), [
    (package, child, package / f"all_{child.name}.py")
    for package in (ROOT / "trigger", ROOT / "runner", ROOT / "reporting")
    for child in sorted(package.iterdir()) if (package / f"all_{child.name}.py").exists()
])
def test_every_implementation_is_in_its_list(seam: Path, folder: Path, the_list: Path) -> None:
    text = the_list.read_text()
    missing = [path.stem for path in folder.glob("*.py") if not path.stem.startswith("_") and path.stem not in text]

    assert missing == []


def test_every_dependency_says_why_it_is_there() -> None:
    lines = (ROOT / "setup.cfg").read_text().splitlines()
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    wanted = [line.strip() for line in parser["options"]["install_requires"].splitlines() if line.strip()]

    bare = []
    commented = False
    for line in lines[lines.index("install_requires ="):]:
        if line.strip().startswith("#"):
            commented = True
        elif line.strip() in wanted and not commented:
            bare.append(line.strip())
        elif not line.strip():
            break
    assert wanted
    assert bare == []


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this tree; built in a copy, so that no build folder is left."""
    source = tmp_path_factory.mktemp("source") / "tree"
    subprocess.run(["git", "clone", "--quiet", "--no-local", ROOT, source], check=True, capture_output=True)
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
                    "--wheel-dir", target, source], check=True, capture_output=True)
    return next(target.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_the_master_and_every_check(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files", "checks", "buildbot-master", "reporting", "runner", "trigger"],
                             cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    missing = [path for path in tracked if path.replace("buildbot-master/", "buildbot_master/", 1) not in names]

    assert "buildbot_master/master.cfg" in names
    assert missing == []
