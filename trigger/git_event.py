"""Events that several Git hosts have: a commit, a pull request; and what their messages have in common."""
from __future__ import annotations

from typing import Any

from trigger.field import text, value
from trigger.message import BusMessage
from trigger.topic import Reading, one_event

#: Who publishes pushes of which host.
_HOSTS = {"org.fedoraproject": "src.fedoraproject.org", "io.pagure": "pagure.io", "org.centos": "gitlab.com"}


def commit_event(message: BusMessage, what: tuple[str, str, str, str], facts: dict[str, Any]) -> Reading:
    """Return the event of a dist-git commit; `what` is namespace, repository, commit and branch."""
    namespace, name, commit, branch = what
    return one_event(message, (f"{namespace}/{name}#{commit}", "dist_git_commit"), "DistGitCommit",
                     f"distgit:{namespace}/{name}:{branch}:{commit}", facts)


def git_event(message: BusMessage, what: tuple[str, str, str, str], facts: dict[str, Any]) -> Reading:
    """Return the event of a commit in any Git repository; `what` is host, path, branch and commit."""
    host, path, branch, commit = what
    return one_event(message, (f"{host}/{path}#{branch}#{commit}", "git_commit"), "GitPush",
                     f"git:{host}/{path}:{branch}:{commit}", facts)


def short_branch(branch: str | None) -> str | None:
    """Return a branch without `refs/heads/`; None for a tag or another ref."""
    if branch is None:
        return None
    short = branch.removeprefix("refs/heads/")
    return None if short.startswith("refs/") else short


def host_of(message: BusMessage) -> str:
    """Return the host that a Pagure message is about: by the project's own URL, else by who publishes."""
    for path in (("repo", "full_url"), ("pullrequest", "project", "full_url"), ("project", "full_url")):
        url = text(message.body, *path)
        if url and url.startswith("https://"):
            return url.removeprefix("https://").partition("/")[0]
    return _HOSTS.get(message.origin, "pagure.io" if value(message.body, "pullrequest") else "localhost")


def request_event(message: BusMessage, url: str, commit: str | None, facts: dict[str, Any]) -> Reading:
    """Return the event of a pull request at one state: the same commit gives the same identity."""
    identity = f"pr:{url}:{commit or message.occurrence}"
    return one_event(message, (url, "pull_request"), "PullRequest", identity, facts)
