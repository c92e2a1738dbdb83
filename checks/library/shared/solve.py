"""
Answer questions about packages and repositories with libsolv, the solver of dnf and zypper.

A program: one JSON object on standard input, one on standard output. It is a program and no module because libsolv's
binding belongs to the system's Python, which need not be the one that runs the check. Of the checks installability,
reverse_dependencies and upgradepath.
"""
from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import solv

#: Bytes of one metadata file. Fedora's largest, all file lists of x86_64, has 60 MB.
METADATA_LIMIT = 400 * 1024 * 1024
REPOMD_LIMIT = 4 * 1024 * 1024
FETCH_TIMEOUT_SECONDS = 60
NAMESPACE = "{http://linux.duke.edu/metadata/repo}"
#: Problems told of one package.
PROBLEM_LIMIT = 20


class RepositoryError(Exception):
    """Raised when a repository or a package cannot be read; the text says which and why."""


class World:
    """Some repositories, and the packages that are about to come into them."""

    def __init__(self, arch: str, cache: str | None) -> None:
        self.pool = solv.Pool()
        # Debian's libsolv thinks in Debian's terms until it is told: a noarch RPM would not be installable at all
        self.pool.setdisttype(solv.Pool.DISTTYPE_RPM)
        self.pool.setarch(arch if arch not in ("", "noarch", "src") else "x86_64")
        self.cache = cache
        self.build: list[Any] = []
        #: File names of packages that are none.
        self.unreadable: list[str] = []
        #: (repository, folder or URL, repomd) of each one loaded: for the file lists, should they be needed.
        self.loaded: list[tuple[Any, str, dict[str, tuple[str, str]]]] = []

    def add_repository(self, name: str, place: str) -> None:
        """Load the packages of a repository; file lists come later, and only where somebody needs them."""
        root = place if "://" in place else Path(place).resolve().as_uri()
        root = root.rstrip("/") + "/"
        parts = self._parts_of(root, name)
        if "primary" not in parts:
            raise RepositoryError(f"repository `{name}` ({place}) has no list of packages in its repomd.xml")
        repository = self.pool.add_repo(name)
        self._load(repository, root, parts["primary"], "primary", 0)
        self.loaded.append((repository, root, parts))

    def add_packages(self, paths: Iterable[str]) -> None:
        """Load the packages under check; source packages are left out, nobody installs them."""
        repository = self.pool.add_repo("build")
        for path in paths:
            package = repository.add_rpm(path)
            if package is None:
                self.unreadable.append(Path(path).name)
            elif package.arch not in ("src", "nosrc"):
                self.build.append(package)

    def settle(self) -> None:
        """Index what everything provides; call after all is added."""
        self.pool.addfileprovides()
        self.pool.createwhatprovides()
        if any(self._lacks_file(package) for package in self.build):
            for repository, root, parts in self.loaded:
                if "filelists" in parts:
                    flags = solv.Repo.REPO_LOCALPOOL | solv.Repo.REPO_EXTEND_SOLVABLES
                    self._load(repository, root, parts["filelists"], "filelists", flags, language="FL")
            self.pool.addfileprovides()
            self.pool.createwhatprovides()

    def _lacks_file(self, package: Any) -> bool:
        return any(str(dep).startswith("/") and not self.pool.whatprovides(dep)
                   for dep in package.lookup_deparray(solv.SOLVABLE_REQUIRES))

    # -- metadata ------------------------------------------------------------------------------------------------------

    def _parts_of(self, root: str, name: str) -> dict[str, tuple[str, str]]:
        """Return location and sha256 of each part of the metadata."""
        try:
            tree = ElementTree.fromstring(_read(root + "repodata/repomd.xml", REPOMD_LIMIT))  # noqa: S314 (bounded)
        except ElementTree.ParseError as error:
            raise RepositoryError(f"repository `{name}` ({root}): repomd.xml is no XML: {error}") from error
        parts = {}
        for part in tree.iter(f"{NAMESPACE}data"):
            location, digest = part.find(f"{NAMESPACE}location"), part.find(f"{NAMESPACE}checksum")
            if location is not None:
                wanted = (digest.text or "").strip() if digest is not None and digest.get("type") == "sha256" else ""
                parts[part.get("type", "")] = (location.get("href", ""), wanted)
        return parts

    def _load(self, repository: Any, root: str, part: tuple[str, str], kind: str, flags: int,
              language: str | None = None) -> None:
        href, digest = part
        if "://" in href or href.startswith("/") or ".." in href.split("/"):
            raise RepositoryError(f"{root}: the {kind} lie outside the repository: `{href}`")
        with self._opened(root + href, digest) as path:
            file = solv.xfopen(str(path))
            if file is None or not repository.add_rpmmd(file, language, flags):
                raise RepositoryError(f"{root}{href}: cannot be read: {self.pool.errstr}")
            file.close()

    @contextlib.contextmanager
    def _opened(self, url: str, digest: str) -> Iterator[Path]:
        """Give a local file with the content of the URL, checked; kept in the cache where there is one."""
        ending = "".join(Path(urllib.parse.urlparse(url).path).suffixes[-2:])
        kept = Path(self.cache, f"{digest}{ending}") if self.cache and digest else None
        if kept and kept.is_file():
            yield kept
            return
        content = _read(url, METADATA_LIMIT)
        if digest and hashlib.sha256(content).hexdigest() != digest:
            raise RepositoryError(f"{url}: its checksum is not that of repomd.xml; is the mirror being synchronised?")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"metadata{ending}")
            path.write_bytes(content)
            if kept:
                kept.parent.mkdir(parents=True, exist_ok=True)
                path.rename(kept) if kept.parent.stat().st_dev == path.stat().st_dev else kept.write_bytes(content)
                path = kept
            yield path

    # -- questions -----------------------------------------------------------------------------------------------------

    def replaced(self) -> list[Any]:
        """Return the packages of the repositories that the build replaces: older ones of a name, and obsoleted ones."""
        build = {package.id for package in self.build}
        named: dict[int, list[Any]] = {}
        for package in self.build:
            named.setdefault(package.nameid, []).append(package)
        gone = {}
        for package in self.pool.solvables:
            for newer in named.get(package.nameid, ()) if package.id not in build else ():
                if is_same(package, newer) and package.evrcmp(newer) < 0:
                    gone[package.id] = package
        for package in self.build:
            for dep in package.lookup_deparray(solv.SOLVABLE_OBSOLETES):
                # obsoletes go by name, not by what else a package provides
                matching = [each for each in self.pool.whatprovides(dep) if each.matchesdep(solv.SOLVABLE_NAME, dep)]
                gone |= {each.id: each for each in matching if each.id not in build}
        return list(gone.values())

    def without(self, packages: list[Any]) -> None:
        """Leave these out of everything that is solved from here on."""
        self.pool.set_disabled_list([package.id for package in packages])
        self.pool.createwhatprovides()

    def problems_of(self, package: Any, gone: list[Any]) -> list[dict[str, str]]:
        """Return why the package cannot be installed; an empty list where it can."""
        solver = self.pool.Solver()
        job = self.pool.Job(solv.Job.SOLVER_INSTALL | solv.Job.SOLVER_SOLVABLE, package.id)
        found: dict[str, dict[str, str]] = {}
        for problem in solver.solve([job]):
            rules = [rule.info() for rule in problem.findallproblemrules()]
            missing = [rule for rule in rules if rule.type == solv.Solver.SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP]
            for rule in missing or rules:
                told = {"problem": rule.problemstr()}
                if rule in missing:
                    told |= {"missing": str(rule.dep), "needed_by": str(rule.solvable),
                             "lost": self.lost(rule.dep, gone)}
                found.setdefault(told["problem"], told)
        if found:
            # the solver stops at the first reason; the packager wants all that her package itself lacks
            for dep in package.lookup_deparray(solv.SOLVABLE_REQUIRES):
                if not self.pool.whatprovides(dep):
                    text = f"nothing provides {dep} needed by {package}"
                    found.setdefault(text, {"problem": text, "missing": str(dep), "needed_by": str(package),
                                            "lost": self.lost(dep, gone)})
        return list(found.values())[:PROBLEM_LIMIT]

    def lost(self, dep: Any, gone: list[Any]) -> str:
        """Return who provided it until now and what replaces that; empty where nobody did."""
        for old in gone:
            if old.matchesdep(solv.SOLVABLE_PROVIDES, dep):
                new = next((package for package in self.build if package.nameid == old.nameid), None)
                successor = f"{new} replaces it and does not" if new else "it is obsoleted"
                return f"{old} from `{old.repo.name}` provided it; {successor}"
        return ""

    def dependents(self, gone: list[Any]) -> list[Any]:
        """Return the newest packages of the repositories that require something of what is gone."""
        left_out = {package.id for package in (*gone, *self.build)}
        affected: dict[int, bool] = {}
        newest: dict[tuple[int, int], Any] = {}
        for package in self.pool.solvables:
            if package.id in left_out or package.arch in ("src", "nosrc") or not package.installable():
                continue
            other = newest.get((package.nameid, package.archid))
            if other is None or package.evrcmp(other) > 0:
                newest[package.nameid, package.archid] = package
        ids = {package.id for package in gone}
        found = []
        for package in newest.values():
            for dep in package.lookup_deparray(solv.SOLVABLE_REQUIRES):
                if dep.id not in affected:
                    affected[dep.id] = any(provider.id in ids for provider in self.pool.whatprovides(dep))
                if affected[dep.id]:
                    found.append(package)
                    break
        return found


def is_same(package: Any, other: Any) -> bool:
    """True for two packages of one name of which only one can be there: two architectures stand side by side."""
    return package.nameid == other.nameid and (package.arch == other.arch or "noarch" in (package.arch, other.arch))


def _read(url: str, limit: int) -> bytes:
    """Return the content of a file:, http: or https: URL."""
    if urllib.parse.urlparse(url).scheme not in ("file", "http", "https"):
        raise RepositoryError(f"{url}: expected a folder or a URL of http, https or file")
    try:
        with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_SECONDS) as answer:  # noqa: S310 (scheme checked above)
            content = bytes(answer.read(limit + 1))
    except OSError as error:
        raise RepositoryError(f"{url}: cannot be fetched: {error}") from error
    if len(content) > limit:
        raise RepositoryError(f"{url}: more than {limit} bytes")
    return content


def installable(world: World) -> dict[str, Any]:
    """Can each package of the build be installed, beside the others of the build and in place of what they replace?"""
    gone = world.replaced()
    world.without(gone)
    return {"packages": [{"package": str(package), "problems": world.problems_of(package, gone)}
                         for package in world.build]}


def broken(world: World) -> dict[str, Any]:
    """Which packages of the repositories can be installed now, and no longer with the build?"""
    gone = world.replaced()
    dependents = world.dependents(gone)
    world.without(gone)
    suspects = [(package, problems) for package in dependents if (problems := world.problems_of(package, gone))]
    world.without(world.build)
    lost = [(package, problems) for package, problems in suspects if not world.problems_of(package, [])]
    return {"replaced": [f"{package} from `{package.repo.name}`" for package in gone], "looked_at": len(dependents),
            "packages": [{"package": str(package), "problems": problems} for package, problems in lost]}


def versions(world: World) -> dict[str, Any]:
    """Which versions do the repositories have of each package of the build?"""
    build = {package.id for package in world.build}
    there: dict[int, list[Any]] = {package.nameid: [] for package in world.build}
    for package in world.pool.solvables:
        if package.nameid in there and package.id not in build and package.arch not in ("src", "nosrc"):
            there[package.nameid].append(package)
    return {"packages": [{"package": f"{package.name}.{package.arch}", "evr": package.evr,
                          "there": sorted({each.evr for each in there[package.nameid] if is_same(each, package)})}
                         for package in world.build]}


QUESTIONS = {"installable": installable, "broken": broken, "versions": versions}


def main() -> int:
    """Answer the question on standard input; exit 3 and a sentence where something cannot be read."""
    asked = json.load(sys.stdin)
    world = World(asked.get("arch") or "x86_64", asked.get("cache"))
    try:
        for name, place in asked["repositories"].items():
            world.add_repository(name, place)
        world.add_packages(asked["packages"])
        world.settle()
        answer = QUESTIONS[asked["question"]](world)
        json.dump({**answer, "unreadable": world.unreadable}, sys.stdout)
    except RepositoryError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
