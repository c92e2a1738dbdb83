"""Where people read what a run left: log URLs, and artifacts that stay inside the folder of their run."""
from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit

from checks.result import Result


def log_url_of(result: Result, run_url: str | None, folder: Path | None) -> str | None:
    """
    Return where the log of a result lies: what the check says, else its artifact, else the folder of the run.

    An address that is neither http nor https, or an artifact outside the
    folder, is passed over in favour of the next.
    """
    if result.log_url and is_web_address(result.log_url):
        return result.log_url
    if run_url and result.artifact:
        part = artifact_path(result.artifact, folder)
        if part is not None:
            return f"{run_url.rstrip('/')}/{quote(part)}"
    return run_url


def artifact_path(artifact: str, folder: Path | None) -> str | None:
    """
    Return the path of an artifact below the folder of its run, None where it is not a file or folder in there.

    Links are followed before the comparison, and whole path parts are compared: `/a/bc` is not inside `/a/b`.
    """
    if folder is None or "\0" in artifact:
        return None
    try:
        root = folder.resolve(strict=True)
        path = (root / artifact).resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    if not path.is_relative_to(root) or path == root:
        return None
    return path.relative_to(root).as_posix()


def is_web_address(url: str) -> bool:
    """True for http and https with a host; False for `javascript:` and other ways to do harm from a page."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and url.isprintable() and " " not in url


def without_password(url: str) -> str:
    """Return the URL as it may stand in a log."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
