"""Pushes to Git: dist-git through Pagure, other Pagure projects, and the hook of old dist-git."""
from __future__ import annotations

from trigger.field import mapping, text
from trigger.git_event import commit_event, git_event, host_of, short_branch
from trigger.message import BusMessage
from trigger.topic import Reading, TopicSettings, nothing

#: Namespaces of dist-git; a push elsewhere on the same Pagure is an ordinary Git commit.
NAMESPACES = ("rpms", "modules", "container", "containers", "flatpaks", "tests", "docker")


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
