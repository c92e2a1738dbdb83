"""Small Debian source packages, made while a test runs."""
from __future__ import annotations

import subprocess
from pathlib import Path

_RULES = """#!/usr/bin/make -f
.PHONY: build binary binary-arch binary-indep clean
build build-arch build-indep:
\t{build}
binary: build binary-arch binary-indep
binary-arch:
binary-indep:
\trm -rf debian/tiny
\tmkdir -p debian/tiny/DEBIAN debian/tiny/usr/share/doc/tiny
\tcp debian/changelog debian/tiny/usr/share/doc/tiny/changelog
\tdpkg-gencontrol -ptiny -Pdebian/tiny
\tdpkg-deb --root-owner-group --build debian/tiny ..
clean:
\trm -rf debian/tiny debian/files
"""


def source_package(folder: Path, *, build: str = "true", architecture: str = "all", depends: str = "") -> Path:
    """Make the source package `tiny` 1.0 in a folder; return its .dsc. `build` is a line for the shell."""
    tree = folder / "tree" / "tiny-1.0"
    (tree / "debian" / "source").mkdir(parents=True)
    (tree / "debian" / "source" / "format").write_text("3.0 (native)\n")
    (tree / "debian" / "rules").write_text(_RULES.format(build=build))
    (tree / "debian" / "rules").chmod(0o755)
    needs = f"Build-Depends: {depends}\n" if depends else ""
    (tree / "debian" / "control").write_text(
        f"Source: tiny\nSection: misc\nPriority: optional\nMaintainer: A Test <a@example.org>\n{needs}"
        "Standards-Version: 4.6.2\nRules-Requires-Root: no\n\n"
        f"Package: tiny\nArchitecture: {architecture}\nDescription: tiny package\n Made by a test.\n")
    (tree / "debian" / "changelog").write_text(
        "tiny (1.0) unstable; urgency=medium\n\n  * Made.\n\n"
        " -- A Test <a@example.org>  Sat, 21 Nov 2026 12:00:00 +0000\n")
    source = folder / "source"
    source.mkdir()
    done = subprocess.run(["dpkg-source", "--build", tree], cwd=source, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"dpkg-source: {done.stdout}{done.stderr}")
    return source / "tiny_1.0.dsc"
