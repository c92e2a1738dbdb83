"""Pushes to Git: dist-git through Pagure, other Pagure projects, and the hook of old dist-git."""
from __future__ import annotations

from typing import Any

from trigger.field import mapping, text, value
from trigger.message import BusMessage
from trigger.topic import Reading, TopicSettings, nothing, one_event

#: Namespaces of dist-git; a push elsewhere on the same Pagure is an ordinary Git commit.
NAMESPACES = ("rpms", "modules", "container", "containers", "flatpaks", "tests", "docker")
#: Who publishes pushes of which host.
_HOSTS = {"org.fedoraproject": "src.fedoraproject.org", "io.pagure": "pagure.io", "org.centos": "gitlab.com"}


class PagurePush:
    """`pagure.git.receive`: commits arrived on a branch."""

    names = ("pagure.git.receive",)

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the newest commit: of dist-git for a package's namespace, a Git commit otherwise."""
        body, repository = message.body, mapping(message.body, "repo")
        namespace, name = text(repository, "namespace"), text(repository, "name")
        commit = text(body, "end_commit")
        branch = short_branch(text(body, "branch"))
        if name is None or commit is None or branch is None:
            return nothing("names no repository, branch or commit")
        if set(commit) == {"0"}:
            return nothing("the branch was deleted")
        facts = {"namespace": namespace, "repo": name, "branch": branch, "distgit_branch": branch, "commit": commit,
                 "agent": text(body, "agent"), "host": host_of(message), "name": name}
        if namespace in NAMESPACES and message.origin != "io.pagure":
            return commit_event(message, (namespace, name, commit, branch), facts)
        path = text(repository, "fullname") or "/".join(part for part in (namespace, name) if part)
        return git_event(message, (host_of(message), path, branch, commit), facts)


class GitHook:
    """`git.receive`: the hook of dist-git before Pagure; `git.receive.<repo>.<branch>` is older still."""

    names = ("git.receive", "git.receive.*.*")

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the commit."""
        commit = mapping(message.body, "commit")
        words = message.name.split(".")
        name = text(commit, "repo") or (words[2] if len(words) == 4 else None)
        namespace, branch, revision = text(commit, "namespace") or "rpms", text(commit, "branch"), text(commit, "rev")
        if name is None or revision is None or branch is None:
            return nothing("names no repository, branch or commit")
        facts = {"namespace": namespace, "repo": name, "branch": branch, "distgit_branch": branch, "commit": revision,
                 "agent": text(commit, "username"), "host": "src.fedoraproject.org", "name": name}
        return commit_event(message, (namespace, name, revision, short_branch(branch) or branch), facts)


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
