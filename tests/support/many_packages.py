"""
Packages of every kind that rpmbuild can be made to write, for whatever must be right on packages nobody has seen yet.

    python -m tests.support.many_packages FOLDER     writes them all, about a hundred
"""
from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support import rpm_packages
from tests.support.rpm_packages import PackageSpec

NO_DEBUG = "%global debug_package %{nil}"
C_PROGRAM = "echo 'int main(void) { return 0; }' > p.c"
C_LIBRARY = "echo 'int answer(void) { return 42; }' > l.c"

LICENSES = ("MIT", "GPLv2+", "GPL-2.0-or-later WITH Bison-exception-2.2", "(MIT OR Apache-2.0) AND BSD-3-Clause", "BSD",
            "Public Domain", "LicenseRef-Fedora-Public-Domain", "MIT and GPLv2", "MIT AND", "mit", "Distributable",
            "GPL-2.0+", "MIT AND LicenseRef-Callaway-BSD", "CC-BY-SA-4.0 AND OFL-1.1", "SSPL-1.0", "NoSuch-1.0 OR MIT")
#: Name of the package: the first line of a script in /usr/bin.
SHEBANGS = {
    "python": "#!/usr/bin/python", "python-option": "#!/usr/bin/python -s", "env-python": "#!/usr/bin/env python",
    "env-split": "#!/usr/bin/env -S python -s", "bin-python": "#! /bin/python", "python3": "#!/usr/bin/python3",
    "python2": "#!/usr/bin/python2.7", "env-python3": "#!/usr/bin/env python3", "sh": "#!/bin/sh",
    "node": "#!/usr/bin/node", "pythonish": "#!/usr/bin/pythonw", "crlf": "#!/bin/sh\r",
    "tab": "#!\t/usr/bin/python", "local": "#!/usr/local/bin/python", "none": "echo no interpreter", "empty": "#!",
    "relative": "#!python"}
#: How the payload is packed: rpm's own words.
PAYLOADS = ("w9.gzdio", "w9.bzdio", "w7.xzdio", "w7.lzdio", "w19.zstdio", "w.ufdio")
#: Numbers of digest algorithms: md5 as until Fedora 10, sha1, sha256, sha512.
DIGESTS = (1, 2, 8, 10)


def specs() -> Iterator[PackageSpec]:
    """Yield what is to be built."""
    for word in PAYLOADS:
        yield PackageSpec(name=f"payload-{word.partition('.')[2]}", preamble=(
            NO_DEBUG, f"%global _binary_payload {word}", f"%global _source_payload {word}"))
    for number in DIGESTS:
        yield PackageSpec(name=f"digest-{number}", preamble=(
            NO_DEBUG, *(f"%global _{kind}_filedigest_algorithm {number}" for kind in ("source", "binary"))))
    for number, text in enumerate(LICENSES):
        yield PackageSpec(name=f"license-{number}", license=text)
    for name, line in SHEBANGS.items():
        path = f"/usr/bin/{name}-tool"
        yield PackageSpec(name=f"script-{name}", files={path: f"{line}\nx = 1\n"},
                          install=(f'chmod 755 "$BUILD{path}"',))
    yield from _versions()
    yield from _dependencies()
    yield from _files()
    yield from _programs()


def _versions() -> Iterator[PackageSpec]:
    yield PackageSpec(name="epoch", epoch=3)
    yield PackageSpec(name="tilde", version="2.0~rc1", release="0.1.20260102git0abc.fc43")
    yield PackageSpec(name="caret", version="2.0^20260102git0abc", release="1.fc43.1")
    yield PackageSpec(name="plus+plus", version="1.0+dfsg_2", release="1.el5")
    yield PackageSpec(name="long", version="1." + "0" * 60, release="1" * 40)
    yield PackageSpec(name="no-dist", release="7")
    yield PackageSpec(name="f", version="0", release="0")


def _dependencies() -> Iterator[PackageSpec]:
    wanted = {
        "rich-or": "Requires: (nobody-has-this or dep-rich-or)", "rich-if": "Requires: (nobody-has-this if not-there)",
        "rich-and": "Requires: (dep-rich-and and nobody-has-this)", "rich-with": "Requires: (a-thing with another)",
        "rich-unless": "Conflicts: (nobody unless dep-rich-unless)", "self": "Requires: dep-self = 1.0-1.fc43",
        "newer-self": "Requires: dep-newer-self > 1.0", "file": "Requires: /usr/bin/nobody-has-this",
        "own-file": "Requires: /usr/share/doc/good/README", "soname": "Requires: libnobody.so.7()(64bit)",
        "weak": "Recommends: nobody-has-this", "bundled": "Provides: bundled(zlib) = 1.3",
        "obsoletes": "Obsoletes: nobody-has-this < 2", "conflicts-self": "Conflicts: dep-conflicts-self < 2",
        "pre": "Requires(pre): nobody-has-this", "supplements": "Supplements: (nobody-has-this and nobody-else)",
        "config": "Provides: config(x) = 1\nRequires: config(x) = 1", "tilde": "Requires: dep-tilde >= 1.0~rc1",
        "epoch": "Requires: dep-epoch >= 1:0"}
    for name, header in wanted.items():
        yield PackageSpec(name=f"dep-{name}", header=tuple(header.split("\n")))
    yield PackageSpec(name="dep-i686", arch="i686", header=("Requires: libc.so.6",))


def _files() -> Iterator[PackageSpec]:
    many = ('mkdir -p "$BUILD/usr/share/many"', 'for n in $(seq 3000); do echo $n > "$BUILD/usr/share/many/$n"; done')
    yield PackageSpec(name="files-many", install=many, listed=("/usr/share/many",))
    yield PackageSpec(name="files-none", files={})
    odd = ('mkdir -p "$BUILD/usr/share/odd"', "echo x > \"$BUILD/usr/share/odd/a b'c\\$d;e\"",
           'echo x > "$BUILD/usr/share/odd/ünïcödé"', 'ln -s nowhere "$BUILD/usr/share/odd/dangling"',
           'ln -s /etc/passwd "$BUILD/usr/share/odd/absolute"', 'cd "$BUILD/usr/share/odd"', "ln ünïcödé h")
    yield PackageSpec(name="files-odd", install=odd, listed=("/usr/share/odd",))
    for mode in ("0666", "0777", "4755", "2755", "1777", "0000", "0400"):
        yield PackageSpec(name=f"mode-{mode}", install=('mkdir "$BUILD/x"; echo a > "$BUILD/x/file"',),
                          listed=(f"%attr({mode}, root, root) /x/file", f"%dir %attr({mode}, root, root) /x"))
    yield PackageSpec(name="mode-folder", install=('mkdir "$BUILD/open"',),
                      listed=("%dir %attr(0777, root, root) /open",))
    yield PackageSpec(name="mode-link", install=('ln -s /x "$BUILD/link"',), listed=("/link",))
    yield PackageSpec(name="capability", install=('echo a > "$BUILD/ping"',), listed=("%caps(cap_net_raw=p) /ping",))
    yield PackageSpec(name="ghost", listed=("%ghost /var/log/ghost.log",))
    yield PackageSpec(name="lua", sections="%pretrans -p <lua>\nprint('hello')\n%post\nexit 0\n")
    yield PackageSpec(name="split", sections="%package libs\nSummary: Part\nLicense: BSD\n%description libs\nPart.\n"
                                             "%files libs\n")


def _programs() -> Iterator[PackageSpec]:
    built = {
        "pie": (C_PROGRAM, 'gcc -pie -fPIE -Wl,-z,relro -o "$BUILD/usr/bin/x" p.c'),
        "no-pie": (C_PROGRAM, 'gcc -no-pie -o "$BUILD/usr/bin/x" p.c'),
        "no-relro": (C_PROGRAM, 'gcc -pie -fPIE -Wl,-z,norelro -o "$BUILD/usr/bin/x" p.c'),
        "static": (C_PROGRAM, 'gcc -static -o "$BUILD/usr/bin/x" p.c'),
        "static-pie": (C_PROGRAM, 'gcc -static-pie -o "$BUILD/usr/bin/x" p.c'),
        "library": (C_LIBRARY, 'gcc -shared -fPIC -o "$BUILD/usr/bin/x" l.c'),
        "library-norelro": (C_LIBRARY, 'gcc -shared -fPIC -Wl,-z,norelro -o "$BUILD/usr/bin/x" l.c'),
        "object": (C_LIBRARY, 'gcc -c -o "$BUILD/usr/bin/x" l.c'),
        "archive": (C_LIBRARY, 'gcc -c -o l.o l.c; ar rcs "$BUILD/usr/bin/x" l.o'),
        "hardlink": (C_PROGRAM, 'gcc -no-pie -o "$BUILD/usr/bin/x" p.c; ln "$BUILD/usr/bin/x" "$BUILD/usr/bin/a"'),
        "cut-off": (C_PROGRAM, 'gcc -no-pie -o y p.c; head -c 100 y > "$BUILD/usr/bin/x"'),
        "only-magic": (C_PROGRAM, r'printf "\177ELF" > "$BUILD/usr/bin/x"')}
    for name, commands in built.items():
        yield PackageSpec(name=f"elf-{name}", arch="x86_64", files={}, listed=("/usr/bin/*",),
                          install=('mkdir -p "$BUILD/usr/bin"', *commands))
    # no compiler for these is at hand: the header of an ELF file, and nothing after it
    for arch, big, bits, machine in (("aarch64", False, 64, 183), ("s390x", True, 64, 22), ("ppc64le", False, 64, 21),
                                     ("i686", False, 32, 3)):
        for word, kind in (("executable", 2), ("shared", 3)):
            octal = "".join(f"\\{byte:03o}" for byte in _elf_header(big, bits, kind, machine))
            yield PackageSpec(name=f"elf-{word}", arch=arch, files={}, listed=("/usr/bin/x",), preamble=(
                NO_DEBUG, "%global __os_install_post %{nil}", "%undefine _missing_build_ids_terminate_build"),
                install=('mkdir -p "$BUILD/usr/bin"', f"printf '{octal}' > \"$BUILD/usr/bin/x\""))


def _elf_header(big: bool, bits: int, kind: int, machine: int) -> bytes:
    order, size = (">" if big else "<"), (64 if bits == 64 else 52)
    word = "Q" if bits == 64 else "I"
    ident = b"\x7fELF" + bytes([2 if bits == 64 else 1, 2 if big else 1, 1]) + bytes(9)
    rest = struct.pack(f"{order}HHI{word}{word}{word}IHHHHHH", kind, machine, 1, 0, 0, 0, 0, size, 0, 0, 0, 0, 0)
    return ident + rest


def write(folder: Path) -> list[str]:
    """Build everything into the folder; return what rpmbuild here could not build, and why."""
    folder.mkdir(parents=True, exist_ok=True)
    refused = []
    for spec in specs():
        try:
            rpm_packages.build(spec, folder, keep_source=spec.name in ("epoch", "split", "payload-gzdio", "digest-1"))
        except RuntimeError as error:
            refused.append(f"{spec.name}.{spec.arch}: {str(error).strip().splitlines()[-1][:200]}")
    return refused


if __name__ == "__main__":
    for line in write(Path(sys.argv[1])):
        print(line)
