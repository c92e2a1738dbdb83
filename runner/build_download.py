"""
Downloads the packages and build logs of several builds from one source into one folder.

The folder belongs to the check: what an earlier action left there is never
written through, and a package that lies there already is taken as it is only
where it is a plain file.
"""
from __future__ import annotations

import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.item import ItemError, Nvr, parse_nvr, shown
from runner.abort import AbortToken
from runner.directive import DirectiveError
from runner.package_source import MissingBuildError, PackageFile, PackageSource, SourceError, Wanted

#: Builds of one tag or update. Fedora's largest updates have about 400.
BUILDS_LIMIT = 20_000


@dataclass(slots=True)
class Downloaded:
    """What lies in the folder now."""

    rpms: list[str] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    #: Why logs are missing: they expire, and a check can do without.
    log_errors: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return what a directive exports; the keys are those of Taskotron."""
        return {"downloaded_rpms": self.rpms, "downloaded_logs": self.logs, "log_errors": self.log_errors}


def nvrs(names: Iterable[str], where: str) -> list[Nvr]:
    """Return the builds of these names, each once. Raises DirectiveError: one is no build."""
    builds: dict[str, Nvr] = {}
    for name in names:
        try:
            nvr = parse_nvr(name)
        except ItemError as error:
            raise DirectiveError(f"{where}: {error}", "wrong-check") from None
        builds.setdefault(str(nvr), nvr)
    if len(builds) > BUILDS_LIMIT:
        raise DirectiveError(f"{where}: {len(builds)} builds; at most {BUILDS_LIMIT} are downloaded at once",
                             "limit-reached")
    return list(builds.values())


def download_builds(source: PackageSource, builds: Sequence[Nvr], wanted: Wanted, target: Path, abort: AbortToken,
                    *, build_log: bool = False) -> Downloaded:
    """
    Download what is wanted of the builds into the folder, which is there.

    Raises MissingBuildError: a build is not there, or nothing of it is wanted; SourceError: no answer.
    """
    done = Downloaded()
    for nvr in builds:
        for file in filter(wanted.takes, source.packages(nvr)):
            done.rpms.append(str(_fetched(source, file, target / Path(file.file_name).name, abort)))
        if build_log:
            _download_logs(source, nvr, wanted, target, abort, done, several=len(builds) > 1)
    if builds and not done.rpms and (wanted.arches or wanted.src):
        names = ", ".join(str(nvr) for nvr in builds[:3])
        words = ", ".join((*wanted.arches, *(["src"] if wanted.src else [])))
        raise MissingBuildError(f"`{source.where}` has no package of {names} for {words}; "
                                "see `arch`, `src` and `debuginfo`")
    return done


def _download_logs(source: PackageSource, nvr: Nvr, wanted: Wanted, target: Path, abort: AbortToken,
                   done: Downloaded, *, several: bool) -> None:
    try:
        logs = [log for log in source.logs(nvr) if wanted.takes(log)]
    except (MissingBuildError, SourceError) as error:
        done.log_errors.append(str(error))
        return
    if not logs:
        done.log_errors.append(f"{nvr}: `{source.where}` has no build.log any more")
    for log in logs:
        name = f"{nvr}.build.log.{log.arch}" if several else f"build.log.{log.arch}"
        try:
            done.logs.append(str(_fetched(source, log, target / Path(name).name, abort)))
        except (MissingBuildError, SourceError) as error:
            done.log_errors.append(str(error))


def _fetched(source: PackageSource, file: PackageFile, target: Path, abort: AbortToken) -> Path:
    """Download one file; return where it lies."""
    if abort.is_aborted:
        raise DirectiveError("aborted", "aborted")
    try:
        there = target.lstat()
    except FileNotFoundError:
        source.download(file, target)
        return target
    if not stat.S_ISREG(there.st_mode):
        raise DirectiveError(f"`{shown(target.name)}` in the target folder is no plain file; "
                             "an earlier action put it there", "check-crashed")
    return target
