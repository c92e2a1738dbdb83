"""Git repositories for a test, and a server of them: git's own http-backend, over real HTTP."""
from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.web_server import Answer, Request, WebServer, web_server

_ENVIRONMENT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_AUTHOR_NAME": "A Test",
                "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A Test",
                "GIT_COMMITTER_EMAIL": "a@example.org"}


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, without anybody's configuration; return what it printed."""
    done = subprocess.run(["git", "-C", folder, *arguments], env=os.environ | _ENVIRONMENT, capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr}")
    return done.stdout.strip()


def commit(repository: Path, files: Mapping[str, str], branch: str = "main") -> str:
    """Write files on a branch of a repository, made where it is missing; return the commit."""
    if not repository.exists():
        repository.mkdir(parents=True)
        git(repository, "init", "--quiet", f"--initial-branch={branch}")
    elif branch not in git(repository, "branch", "--format=%(refname:short)").split():
        git(repository, "switch", "--quiet", "--create", branch)
    else:
        git(repository, "switch", "--quiet", branch)
    for name, text in files.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--allow-empty", "--message=made by a test")
    return git(repository, "rev-parse", "HEAD")


@contextmanager
def git_server(folder: Path) -> Iterator[WebServer]:
    """Serve the repositories below a folder, for reading."""

    def answer(request: Request) -> Answer:
        environment = {"GIT_PROJECT_ROOT": str(folder), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": request.path,
                       "QUERY_STRING": request.query, "REQUEST_METHOD": request.method,
                       "CONTENT_TYPE": request.headers.get("Content-Type", ""),
                       "CONTENT_LENGTH": str(len(request.body)),
                       "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
                       "HTTP_GIT_PROTOCOL": request.headers.get("Git-Protocol", "")}
        done = subprocess.run(["git", "-c", f"safe.directory={folder}/*", "-c", "safe.directory=*", "http-backend"],
                              env=os.environ | _ENVIRONMENT | environment, input=request.body, capture_output=True,
                              check=False)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        status = int(headers.pop("Status", "200").split()[0])
        return Answer(body, status, headers.pop("Content-Type", "text/plain"), headers)

    with web_server(answer) as server:
        yield server
