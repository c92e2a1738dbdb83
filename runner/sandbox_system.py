"""What a sandboxed command finds around it: the system's files, Python, an identity, an environment; and its disk."""
from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from checks.quantity import show_bytes
from runner.executor import ExecutorError

#: Of the machine's /etc: what programs need to start and to behave, nothing with a secret in it.
_ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "xdg", "rpm", "rpmlint", "fonts", "localtime",
        "mime.types", "magic", "ssl/certs", "ca-certificates", "pki/tls/certs", "perl", "python3", "python3.11",
        "debian_version", "os-release", "lsb-release", "fedora-release", "redhat-release", "dpkg", "lintianrc",
        "selinux/targeted", "crypto-policies", "nsswitch.conf", "protocols", "services")
_ETC_NETWORK = ("resolv.conf", "hosts", "gai.conf")
_SYSTEM_LINKS = ("bin", "sbin", "lib", "lib64", "lib32", "libx32")
#: Inside the sandbox: private and empty, so that their well-known names are no risk.
_TMP, _SHM = "/tmp", "/dev/shm"  # noqa: S108
_SHM_BYTES = 16 * 1024 * 1024
#: Entries of the workspace that are looked at for its size.
_LOOKED_AT = 50_000


def root_arguments(image: str | None, network: bool) -> Iterator[str]:
    """Yield the arguments for the read-only system: a root folder by name, else parts of this machine."""
    if image is not None:
        root = Path(image)
        if not (root / "usr").is_dir():
            raise ExecutorError(f"root `{image}` is no folder with a system; make one with mmdebstrap")
        yield from ("--ro-bind", str(root), "/")
        return
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _SYSTEM_LINKS:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", os.readlink(path), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in (*_ETC, *(_ETC_NETWORK if network else ())):
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    yield from ("--dir", "/var", "--dir", "/run")


def private_arguments(temporary_bytes: int, private: Path) -> Iterator[str]:
    """Yield the arguments for devices, processes, temporary folders and the user database."""
    yield from ("--dev", "/dev", "--remount-ro", "/dev", "--size", str(_SHM_BYTES), "--tmpfs", _SHM,
                "--proc", "/proc")
    for folder, size in ((_TMP, temporary_bytes), ("/run", _SHM_BYTES), ("/var" + _TMP, temporary_bytes)):
        yield from ("--size", str(size), "--tmpfs", folder)
    for name in ("passwd", "group"):
        yield from ("--ro-bind", str(private / name), f"/etc/{name}")


def bound(option: str, *folders: Path) -> Iterator[str]:
    """Yield the arguments that show folders inside where they are outside."""
    for folder in folders:
        yield from (option, str(folder), str(folder))


def environment(python: str) -> dict[str, str]:
    """Return the environment of every sandboxed command: nothing is inherited."""
    path = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"]
    own = str(Path(python).parent)
    return {"PATH": os.pathsep.join([own, *path] if own not in path else path), "HOME": _TMP, "TMPDIR": _TMP,
            "LANG": "C.UTF-8", "USER": "check", "LOGNAME": "check"}


def write_identity(private: Path) -> None:
    """Write the files that give the user inside a name."""
    (private / "passwd").write_text("root:x:0:0:root:/:/bin/sh\ncheck:x:65534:65534:check:/tmp:/bin/sh\n")
    (private / "group").write_text("root:x:0:\ncheck:x:65534:\n")


def python_for(uid: int) -> tuple[str, tuple[Path, ...]]:
    """Return the interpreter for checks, and the folders it needs beside /usr: ours where the user can reach it."""
    folders = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    outside = tuple(folder for folder in sorted(folders) if Path("/usr") not in (folder, *folder.parents))
    real = Path(sys.executable).resolve()
    if is_reachable(real, uid) and all(is_reachable(folder, uid) for folder in outside):
        return sys.executable, outside
    return "/usr/bin/python3", ()


def is_reachable(path: Path, uid: int) -> bool:
    """True where a user can enter every folder on the way and the path itself."""
    path = path.resolve()
    for part in (path, *path.parents):
        try:
            info = os.stat(part)
        except OSError:
            return False
        needed = stat.S_IXUSR if info.st_uid == uid else stat.S_IXOTH
        if not info.st_mode & needed and os.geteuid() != uid:
            return False
    return True


def own_copy(file: Path, target: Path, uid: int) -> Path:
    """Copy a file that only its owner may read, for the user of the sandbox; return the copy."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o400)
    with os.fdopen(descriptor, "wb") as out:
        out.write(file.read_bytes())
    if os.geteuid() == 0:
        os.chown(target, uid, uid)
    return target


class DiskWatch:
    """Looks at the size of a workspace from time to time."""

    def __init__(self, root: Path, limit_bytes: int, file_limit_bytes: int) -> None:
        self._root, self._limit, self._file_limit = root, limit_bytes, file_limit_bytes
        #: What was reached, for the report; empty: nothing.
        self.reached = ""
        #: A file that could not grow any more: whoever wrote it was ended, and may not have been the command itself.
        self.full_file = ""

    def problem(self) -> str | None:
        """Return a sentence where the workspace is larger than allowed; looks anew at each call."""
        size = seen = 0
        for folder, _, names, descriptor in os.fwalk(self._root, follow_symlinks=False, onerror=None):
            for name in names:
                seen += 1
                try:
                    info = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                except OSError:
                    continue
                size += info.st_blocks * 512
                if info.st_size >= self._file_limit:
                    self.full_file = name
            if size > self._limit or seen > _LOOKED_AT:
                what = f"more than {show_bytes(self._limit)}" if size > self._limit else f"more than {_LOOKED_AT} files"
                self.reached = f"the check wrote {what} into `{Path(folder).relative_to(self._root)}`; it was ended"
                return self.reached
        return None
