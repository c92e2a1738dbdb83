"""Real RPM packages, made by rpmbuild while a test runs: good, failing and broken ones."""
from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: What every package without a signature and a group gets from rpmlint; with it a plain package passes.
WAIVERS = 'addFilter("no-signature")\naddFilter("no-group-tag")\n'


@dataclass(frozen=True)
class PackageSpec:
    """What a test needs to say about a package; the rest is plain and harmless."""

    name: str = "good"
    version: str = "1.0"
    release: str = "1.fc43"
    epoch: int | None = None
    arch: str = "noarch"
    license: str = "GPL-2.0-or-later"
    #: Whole header lines: `Requires: bash`.
    header: tuple[str, ...] = ()
    #: Path in the package and its text.
    files: Mapping[str, str] = field(default_factory=lambda: {"/usr/share/doc/good/README": "read me\n"})
    #: Shell lines run in %install after the files are written, with $BUILD the root.
    install: tuple[str, ...] = ()
    #: Whole %files lines beside those of `files`.
    listed: tuple[str, ...] = ()
    #: Files beside the spec, name and text; they travel in the source package.
    sources: Mapping[str, str] = field(default_factory=dict)
    #: Further sections of the spec, `%package`, `%post` and so on.
    sections: str = ""
    #: Lines before everything else.
    preamble: tuple[str, ...] = ("%global debug_package %{nil}",)

    @property
    def nvr(self) -> str:
        """Name-version-release, as Koji names a build."""
        return f"{self.name}-{self.version}-{self.release}"

    def text(self) -> str:
        """Return the spec file."""
        lines = [*self.preamble, f"Name: {self.name}", f"Version: {self.version}", f"Release: {self.release}",
                 "Summary: A package made by a test", f"License: {self.license}", "URL: https://example.org/"]
        lines += [f"Epoch: {self.epoch}"] if self.epoch is not None else []
        lines += ["BuildArch: noarch"] if self.arch == "noarch" else []
        lines += [f"Source{number}: {name}" for number, name in enumerate(self.sources)] + list(self.header)
        lines += ["%description", "A package made by a test.", self.sections, "%install", 'BUILD="$RPM_BUILD_ROOT"']
        for path, content in self.files.items():
            lines += [f'mkdir -p "$BUILD$(dirname {path})"', f"cat > \"$BUILD{path}\" <<'END_OF_FILE'",
                      content.rstrip("\n"), "END_OF_FILE"]
        lines += [*self.install, "%files", *self.files, *self.listed]
        lines += ["%changelog", f"* Sat Nov 21 2026 A Test <a@example.org> - {self.version}-{self.release}", "- made"]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class BuiltPackage:
    """Where the packages of one spec lie, all in one folder."""

    spec: PackageSpec
    folder: Path
    binaries: tuple[Path, ...]
    source: Path | None

    @property
    def nvr(self) -> str:
        """The item that a check of this package gets."""
        return self.spec.nvr


def build(spec: PackageSpec, folder: Path, *, keep_source: bool = True) -> BuiltPackage:
    """Build the spec into `folder` (made where it is missing) and return what came out."""
    if shutil.which("rpmbuild") is None:
        raise RuntimeError("rpmbuild is not installed; these tests need it: apt-get install rpm")
    top = folder / f".build-{spec.nvr}"
    for part in ("SOURCES", "SPECS"):
        (top / part).mkdir(parents=True, exist_ok=True)
    for name, content in spec.sources.items():
        (top / "SOURCES" / name).write_text(content, encoding="utf-8")
    path = top / "SPECS" / f"{spec.name}.spec"
    path.write_text(spec.text(), encoding="utf-8")
    target = "x86_64" if spec.arch == "noarch" else spec.arch
    done = subprocess.run(["rpmbuild", "-ba", "--quiet", "--nodeps", "--target", target, "--define", f"_topdir {top}",
                           "--define", "packager A Test <test@example.org>", str(path)],
                          capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise RuntimeError(f"rpmbuild failed for {spec.nvr}: {done.stdout}{done.stderr}")
    binaries = tuple(Path(shutil.move(package, folder / package.name)) for package in sorted(top.glob("RPMS/*/*.rpm")))
    sources = [Path(shutil.move(package, folder / package.name)) for package in top.glob("SRPMS/*.rpm") if keep_source]
    shutil.rmtree(top)
    return BuiltPackage(spec, folder, binaries, sources[0] if sources else None)


def good(folder: Path, **changes: object) -> BuiltPackage:
    """A package that rpmlint passes: its source package carries the waivers of an unsigned package."""
    name = str(changes.get("name", "good"))
    return build(PackageSpec(**{"sources": {f"{name}.rpmlintrc": WAIVERS}, **changes}), folder)  # type: ignore[arg-type]


def failing(folder: Path, **changes: object) -> BuiltPackage:
    """A package that rpmlint fails: a script that names no interpreter that could run it."""
    files = {"/usr/share/failing/tool.sh": "#!/usr/bin/env nothing-there\necho hello\n", "/etc/failing.conf": "x = 1\n"}
    return build(PackageSpec(**{"name": "failing", "files": files, **changes}), folder)  # type: ignore[arg-type]


def broken(folder: Path, name: str = "broken-1.0-1.fc43.noarch.rpm") -> Path:
    """A file that calls itself a package and breaks off inside its header."""
    whole = build(PackageSpec(name="broken"), folder, keep_source=False).binaries[0]
    path = folder / name
    content = whole.read_bytes()
    whole.unlink()
    path.write_bytes(content[:700])
    return path


def store(root: Path, package: BuiltPackage) -> Path:
    """Lay the packages out as Koji's own store does below `packages/`; return the store."""
    spec = package.spec
    for path in (*package.binaries, *([package.source] if package.source else [])):
        arch = path.name.rsplit(".", 2)[1]
        target = root / spec.name / spec.version / spec.release / arch
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target / path.name)
    return root
