"""Finds every check in the folders of checks; looks up by name and by item type."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from checks.description import CheckDescription, CheckFileError, check_file, load_check
from checks.document import Fault
from checks.item import shown
from checks.kind import nearest


class UnknownCheckError(Exception):
    """Raised when no check has that name; names the nearest one."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every check that was found, and what is wrong with those that cannot be used."""

    #: By name, in the order of names.
    checks: Mapping[str, CheckDescription]
    #: Of broken checks; they hide no good one.
    faults: tuple[Fault, ...] = ()
    #: What could be read of broken checks, for further faults.
    drafts: tuple[CheckDescription, ...] = ()

    def for_item_type(self, item_type: str) -> tuple[CheckDescription, ...]:
        """Return the checks that take items of that type and are not disabled."""
        return tuple(check for check in self.checks.values() if check.runs_on(item_type) and not check.disabled)

    def get(self, name: str) -> CheckDescription:
        """Return the check, by its name or by its testcase. Raises UnknownCheckError."""
        found = self.checks.get(name)
        if found is None:
            found = next((check for check in self.checks.values() if check.testcase == name), None)
        if found is not None:
            return found
        known = ", ".join(self.checks) or "none"
        raise UnknownCheckError(f"no check `{shown(name)}`{nearest(name, self.checks) or ';'} known: {known}")


def library_folder() -> Path:
    """Return the folder of the checks that come with the project."""
    return Path(__file__).resolve().parent / "library"


def load_catalogue(folders: Sequence[Path]) -> Catalogue:
    """
    Return the checks in these folders; a folder holds one folder for each check.

    Where two have the same name the one found first stays, and the other is a
    fault. A folder that is not there is a fault too, and so is a check that lies
    beside the folders.
    """
    checks: dict[str, CheckDescription] = {}
    faults: list[Fault] = []
    drafts: list[CheckDescription] = []
    for folder in folders:
        if not folder.is_dir():
            faults.append(Fault(0, (), "no such folder of checks", str(folder)))
            continue
        faults.extend(_beside_the_folders(folder))
        for path in sorted(folder.iterdir()):
            if not path.is_dir() or path.name.startswith((".", "_")) or not any(path.glob("*.yml")):
                continue
            if draft := _add(path, checks, faults):
                drafts.append(draft)
    return Catalogue(MappingProxyType(dict(sorted(checks.items()))), tuple(faults), tuple(drafts))


def find_check(name_or_path: str, folders: Sequence[Path]) -> CheckDescription:
    """
    Return the check that a person named: a name of these folders, or a path.

    Reads only the one file, so it costs the same in a library of any size.
    Raises UnknownCheckError, CheckFileError.
    """
    path = Path(name_or_path)
    if "/" in name_or_path or path.suffix in (".yml", ".yaml"):
        return load_check(path)
    for folder in folders:
        if (folder / name_or_path / f"{name_or_path}.yml").is_file():
            return load_check(folder / name_or_path)
    if path.is_dir():
        return load_check(path)
    return load_catalogue(folders).get(name_or_path)


def _beside_the_folders(folder: Path) -> Iterator[Fault]:
    """Yield a fault for each file that is a check and not in a folder of its own; other files may lie there."""
    for path in sorted(folder.glob("*.yml")):
        try:
            name = load_check(path).name
        except CheckFileError:
            continue
        yield Fault(0, (), f"is not found here: a check has a folder of its own; move it to "
                           f"`{folder / name / f'{name}.yml'}`", str(path))


def _add(folder: Path, checks: dict[str, CheckDescription], faults: list[Fault]) -> CheckDescription | None:
    """Add a check, or what is wrong with it; return the draft of a broken one."""
    try:
        check = load_check(check_file(folder))
    except CheckFileError as error:
        faults.extend(error.faults)
        return error.draft
    if check.name in checks:
        first = checks[check.name].path
        line = check.document.line(("name",)) if check.document else 0
        faults.append(Fault(line, ("name",), f"check `{check.name}` is there already: {first}", str(check.path)))
        return None
    checks[check.name] = check
    return None
