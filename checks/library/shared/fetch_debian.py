"""
Get the files of a Debian source package, and its binary packages where there are any.

From a folder (`pool`, or $CHECKOTRON_DEBIAN_POOL) that holds them at any depth, else with apt, from the sources that
this machine has; apt's own lists, cache and settings stay untouched. Of the checks lintian and debian_rebuild.
"""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

NAME, VERSION = r"[a-z0-9][a-z0-9.+-]+", r"[A-Za-z0-9.+:~-]+"
POOL_VARIABLE = "CHECKOTRON_DEBIAN_POOL"
#: Bytes of a .dsc that are read; the longest in Debian has 60 kB.
DSC_LIMIT = 1024 * 1024
APT_TIMEOUT_SECONDS = 900


class FetchError(RuntimeError):
    """Raised where the files cannot be had: the run is NOT_OK."""


def fetch(item: str, target_dir: str, pool: str | None = None) -> str:
    """Bring .dsc, the files it names and .deb files of `name_version` into the folder; return the path of the .dsc."""
    match = re.fullmatch(rf"({NAME})_({VERSION})", item)
    if match is None:
        raise FetchError(f"`{item[:80]}` is no Debian source package; expected something like `hello_2.10-3`")
    name, version = match.groups()
    target = Path(target_dir)
    target.mkdir(parents=True, exist_ok=True)
    place = pool or os.environ.get(POOL_VARIABLE)
    if place:
        return str(from_folder(Path(place), name, version, target))
    return str(from_apt(name, version, target))


def from_folder(pool: Path, name: str, version: str, target: Path) -> Path:
    """Copy the files from a folder."""
    if not pool.is_dir():
        raise FetchError(f"pool `{pool}` is no folder")
    file_name = f"{name}_{without_epoch(version)}.dsc"
    found = next((path for path in sorted(pool.rglob(file_name)) if path.is_file()), None)
    if found is None:
        raise FetchError(f"pool `{pool}` has no `{file_name}`")
    for path in (found, *(found.parent / part for part in parts_of(found))):
        if not path.is_file():
            raise FetchError(f"`{found}` names `{path.name}`, which is not beside it")
        shutil.copy(path, target / path.name)
    for path in sorted(found.parent.glob("*.deb")):
        if source_of(path) == (name, version):
            shutil.copy(path, target / path.name)
    return target / file_name


def from_apt(name: str, version: str, target: Path) -> Path:
    """Download the files with apt, which has lists and cache of its own for that."""
    if shutil.which("apt-get") is None:
        raise FetchError(f"no pool is given and `apt-get` is not here; set ${POOL_VARIABLE} to a folder of packages")
    private = target / ".apt"
    for part in ("sources", "lists/partial", "cache/archives/partial"):
        (private / part).mkdir(parents=True, exist_ok=True)
    sources = private / "sources" / "all.sources"
    sources.write_text("\n\n".join(source_stanzas(Path("/etc/apt"))) + "\n", encoding="utf-8")
    apt = ["apt-get", "-q", "-o", "Dir::Etc::SourceList=/dev/null", "-o", f"Dir::Etc::SourceParts={sources.parent}",
           "-o", f"Dir::State::Lists={private}/lists", "-o", f"Dir::Cache={private}/cache",
           "-o", "APT::Sandbox::User=root"]
    call([*apt, "update"], target)
    call([*apt, "source", "--download-only", f"{name}={version}"], target)
    dsc = target / f"{name}_{without_epoch(version)}.dsc"
    if not dsc.is_file():
        raise FetchError(f"apt did not bring `{dsc.name}`")
    for binary in binaries_of(dsc):
        # one that this architecture does not have is no fault
        subprocess.run([*apt, "download", f"{binary}={version}"], cwd=target, capture_output=True, check=False,
                       timeout=APT_TIMEOUT_SECONDS)
    shutil.rmtree(private)
    return dsc


def call(argv: list[str], folder: Path) -> None:
    """Run apt. Raises FetchError: it failed, with what it said."""
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, timeout=APT_TIMEOUT_SECONDS,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"})
    if done.returncode:
        raise FetchError(f"`{' '.join(argv[-3:])}` ended with {done.returncode}: {done.stderr.strip()[-1500:]}")


def source_stanzas(etc: Path) -> Iterator[str]:
    """Yield this machine's sources, each for binary and source packages."""
    for path in sorted(etc.glob("sources.list.d/*.sources")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for stanza in re.split(r"\n\s*\n", text):
            if re.search(r"^Types:", stanza, re.MULTILINE):
                yield re.sub(r"^Types:.*$", "Types: deb deb-src", stanza.strip(), flags=re.MULTILINE)
    lists = [etc / "sources.list", *sorted(etc.glob("sources.list.d/*.list"))]
    for line in (line for path in lists if path.is_file() for line in path.read_text(errors="replace").splitlines()):
        match = re.match(r"deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s*(.*)$", line)
        if match:
            uri, suite, components = match.groups()
            yield f"Types: deb deb-src\nURIs: {uri}\nSuites: {suite}\nComponents: {components}"


def parts_of(dsc: Path) -> list[str]:
    """Return the file names under `Files:`; a name with a path in it is refused."""
    section = re.search(r"^Files:\s*\n((?:[ \t]+\S.*\n?)+)", read_dsc(dsc), re.MULTILINE)
    names = [line.split()[-1] for line in section[1].splitlines()] if section else []
    if any("/" in name or name.startswith(".") for name in names):
        raise FetchError(f"`{dsc.name}` names a file outside its folder")
    return names


def binaries_of(dsc: Path) -> list[str]:
    """Return the names of the binary packages that the source builds."""
    section = re.search(r"^Binary:((?:[^\n]|\n[ \t])*)", read_dsc(dsc), re.MULTILINE)
    names = [name.strip() for name in section[1].split(",")] if section else []
    return [name for name in names if re.fullmatch(NAME, name)][:500]


def read_dsc(dsc: Path) -> str:
    """Return the text of the .dsc."""
    with dsc.open("rb") as file:
        return file.read(DSC_LIMIT).decode("utf-8", "replace")


def source_of(deb: Path) -> tuple[str, str] | None:
    """Return name and version of the source that a binary package was built from."""
    show = "${source:Package} ${source:Version}"
    done = subprocess.run(["dpkg-deb", f"--showformat={show}", "-W", str(deb)], capture_output=True, text=True,
                          check=False)
    words = done.stdout.split()
    return (words[0], words[1]) if done.returncode == 0 and len(words) == 2 else None


def without_epoch(version: str) -> str:
    """Return the version as it stands in file names."""
    return version.split(":", 1)[-1]
