"""A package store laid out as Koji's, with files that only look like packages: for what downloads and does not read."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from checks.item import parse_nvr


def add_build(store: Path, nvr: str, files: Iterable[str] = (), logs: Iterable[str] = ()) -> None:
    """
    Add a build to the store.

    `files`: names of packages, `xchat-0.5-1.fc20.x86_64.rpm`; without any a package for x86_64, its debuginfo, one for
    i686, a noarch and a source package. `logs`: architectures with a build.log.
    """
    build = parse_nvr(nvr)
    tail = f"{build.version}-{build.release}"
    files = list(files) or [f"{nvr}.x86_64.rpm", f"{nvr}.i686.rpm", f"{build.name}-debuginfo-{tail}.x86_64.rpm",
                            f"{build.name}-doc-{tail}.noarch.rpm", f"{nvr}.src.rpm"]
    folder = store / build.name / build.version / build.release
    folder.mkdir(parents=True, exist_ok=True)
    for name in files:
        target = folder / name.rsplit(".", 2)[1] / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(f"package {name}\n".encode())
    for arch in logs:
        target = folder / "data" / "logs" / arch / "build.log"
        target.parent.mkdir(parents=True)
        target.write_text(f"built for {arch}\n")


def add_tag(store: Path, tag: str, builds: Iterable[str]) -> None:
    """Write which builds are in a tag."""
    (store / "tags").mkdir(parents=True, exist_ok=True)
    (store / "tags" / tag).write_text("".join(f"{nvr}\n" for nvr in builds))
