"""
What a check is given beyond its input, by how far it is trusted: caches and secrets.

A check is trusted where it comes with the project, or from a folder that the
operator named in $CHECKOTRON_TRUSTED. Caches are named after the trust level and
never given below it: what an untrusted check wrote must not reach a trusted one.
A secret is a file `<folder>/<name>`, given only to checks whose repository is
listed for it in `<folder>/allowed.yml` (`name: [repository or folder, ...]`).
"""
from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.description import CheckDescription
from checks.document import DocumentError, load_document
from checks.item import slug
from runner.executor import ExecutorError
from runner.revision import Revision

UNTRUSTED, TRUSTED = 1, 2
ALLOWED_FILE = "allowed.yml"
#: Bytes of one secret.
_SECRET_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Given:
    """What a check gets, and what it asked for and does not get."""

    caches: Mapping[str, Path]
    secrets: Mapping[str, Path]
    #: Sentences for the report.
    notes: tuple[str, ...] = ()


def give(check: CheckDescription, level: int, revision: Revision, caches: Path, secrets: Path | None) -> Given:
    """
    Return the caches and secrets of a check.

    A cache that is not given costs only time; a secret that is not given ends
    the run before it begins: raises ExecutorError.
    """
    notes: list[str] = []
    if check.caches and level < TRUSTED:
        notes.append(f"no cache is given to a check that is not trusted ({', '.join(check.caches)})")
    given = {name: _cache_folder(caches, name, level, revision) for name in check.caches} if level >= TRUSTED else {}
    return Given(given, _secrets(check, level, revision, secrets), tuple(notes))


def trusted_folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the folders in $CHECKOTRON_TRUSTED."""
    return tuple(Path(part) for part in environ.get("CHECKOTRON_TRUSTED", "").split(os.pathsep) if part)


def _cache_folder(caches: Path, name: str, level: int, revision: Revision) -> Path:
    """Return the folder of a cache: its name has the trust level, and the repository where there is one."""
    owner = slug(revision.repository or "here")
    folder = caches / f"{level}-{owner}-{name}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ExecutorError(f"cache `{folder}` cannot be made: {error.strerror}") from None
    return folder


def _secrets(check: CheckDescription, level: int, revision: Revision, folder: Path | None) -> dict[str, Path]:
    if not check.secrets:
        return {}
    if level < TRUSTED:
        raise ExecutorError(f"check `{check.name}` asks for secrets ({', '.join(check.secrets)}) and is not trusted; "
                            "add its folder to $CHECKOTRON_TRUSTED where you trust it")
    if folder is None:
        raise ExecutorError(f"check `{check.name}` asks for secrets ({', '.join(check.secrets)}); "
                            "name the folder that has them in $CHECKOTRON_SECRETS")
    allowed = _allowed(folder)
    return {name: _secret_file(folder, name, check, allowed.get(name, ()), revision) for name in check.secrets}


def _secret_file(folder: Path, name: str, check: CheckDescription, repositories: Any, revision: Revision) -> Path:
    sources = {revision.repository, str(check.folder), *(str(parent) for parent in check.folder.parents)}
    if not any(place in sources for place in repositories):
        where = revision.repository or check.folder
        raise ExecutorError(f"secret `{name}` is not for checks of `{where}`; "
                            f"allow it with `{name}: [{where}]` in {folder / ALLOWED_FILE}")
    path = folder / name
    try:
        info = os.lstat(path)
    except OSError:
        raise ExecutorError(f"secret `{name}` is not in `{folder}`") from None
    if not stat.S_ISREG(info.st_mode) or info.st_mode & 0o077 or info.st_size > _SECRET_BYTES:
        raise ExecutorError(f"secret `{path}` must be a plain file that only its owner may read (chmod 600), "
                            f"of at most {_SECRET_BYTES} bytes")
    return path


def _allowed(folder: Path) -> Mapping[str, Any]:
    path = folder / ALLOWED_FILE
    try:
        data = load_document(path.read_bytes(), str(path)).data or {}
    except (OSError, DocumentError) as error:
        raise ExecutorError(f"{path}: which checks may have which secret cannot be read: {error}") from None
    if not isinstance(data, dict) or not all(isinstance(value, list) for value in data.values()):
        raise ExecutorError(f"{path}: expected the name of a secret and a list of repositories on each line")
    return data
