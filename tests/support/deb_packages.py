"""Debian packages made by dpkg while a test runs: a source package with its binary package, good or failing."""
from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

DATE = "Sat, 21 Nov 2026 12:00:00 +0000"
CONTROL = """Source: {name}
Section: misc
Priority: optional
Maintainer: A Test <test@example.org>
Build-Depends: debhelper-compat (= 13)
Standards-Version: 4.6.2
Rules-Requires-Root: no

Package: {name}
Architecture: all
Depends: ${{misc:Depends}}
Description: package made by a test
 It is there to be looked at by lintian while a test runs, and says hello to
 whoever reads its description.
"""
CHANGELOG = """{name} ({version}) unstable; urgency=medium

  * Made by a test.

 -- A Test <test@example.org>  {date}
"""
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2026 A Test
License: Expat
 Do with it what you like.
"""


def make(folder: Path, name: str = "hello-test", version: str = "1.0", *, faulty: bool = False) -> str:
    """Make .dsc, its files and a .deb in the folder; return the item. A faulty one has no copyright file."""
    tree = folder / f"{name}-{version}"
    debian = tree / "debian"
    (debian / "source").mkdir(parents=True)
    (debian / "source" / "format").write_text("3.0 (native)\n")
    (debian / "control").write_text(CONTROL.format(name=name))
    (debian / "changelog").write_text(CHANGELOG.format(name=name, version=version, date=DATE))
    (debian / "copyright").write_text(COPYRIGHT)
    rules = debian / "rules"
    rules.write_text("#!/usr/bin/make -f\n%:\n\tdh $@\n")
    rules.chmod(0o755)
    subprocess.run(["dpkg-source", "--build", tree.name], cwd=folder, check=True, capture_output=True, timeout=60)
    _deb(folder, name, version, faulty)
    return f"{name}_{version}"


def _deb(folder: Path, name: str, version: str, faulty: bool) -> None:
    root = folder / f"root-{name}"
    doc = root / "usr" / "share" / "doc" / name
    doc.mkdir(parents=True)
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN" / "control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: A Test <test@example.org>\n"
        "Installed-Size: 10\nSection: misc\nPriority: optional\nDescription: made by a test\n"
        " It is there to be looked at by lintian while a test runs, and says hello to\n"
        " whoever reads its description.\n")
    changelog = CHANGELOG.format(name=name, version=version, date=DATE).encode()
    (doc / "changelog.gz").write_bytes(gzip.compress(changelog, 9, mtime=0))
    if not faulty:
        (doc / "copyright").write_text(COPYRIGHT)
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, folder / f"{name}_{version}_all.deb"],
                   check=True, capture_output=True, timeout=60)
