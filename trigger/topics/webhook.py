"""
Forgejo, GitHub and GitLab: what their webhooks say, as it comes over the bus.

The relay wraps the webhook's payload as `{agent, headers, body}`; older relays
publish the payload itself. All three have pushes and pull requests, in two
dialects: Forgejo speaks GitHub's.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from trigger.field import mapping, number, text, value
from trigger.git_event import git_event, request_event, short_branch
from trigger.message import BusMessage
from trigger.topic import Reading, TopicSettings, nothing

#: What is done to a pull request that makes something new to test.
_NEW_CODE = ("opened", "reopened", "synchronize", "synchronized", "ready_for_review")
#: GitLab's words for the same.
_NEW_CODE_GITLAB = ("open", "reopen", "update")


class Push:
    """`github.push`, `forgejo.push`, `gitlab.push`: commits arrived on a branch."""

    names = ("github.push", "forgejo.push", "gitlab.push")

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the newest commit."""
        payload = payload_of(message)
        commit = text(payload, "after")
        branch = short_branch(text(payload, "ref"))
        place = _place(text(payload, "repository", "html_url") or text(payload, "project", "web_url")
                       or text(payload, "repository", "url"))
        if commit is None or branch is None or place is None:
            return nothing("names no repository, branch or commit; a tag is none")
        if set(commit) == {"0"}:
            return nothing("the branch was deleted")
        host, path = place
        facts = _facts(message, place) | {"branch": branch, "commit": commit, "action": "push",
                                          "agent": text(payload, "sender", "login") or text(payload, "user_username")
                                          or text(message.body, "agent")}
        return git_event(message, (host, path, branch, commit), facts)


class PullRequest:
    """`github.pull_request`, `github.pull_request.*`, `forgejo.pull_request`: new code in a pull request."""

    names = ("github.pull_request", "github.pull_request.*", "forgejo.pull_request", "forgejo.pull_request_sync")

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the pull request."""
        payload = payload_of(message)
        action = text(payload, "action")
        if action not in _NEW_CODE:
            return nothing(f"`{action}` brings no new code to the pull request")
        request = mapping(payload, "pull_request")
        url = text(request, "html_url")
        place = _place(text(payload, "repository", "html_url"))
        if url is None or place is None:
            return nothing("names no pull request")
        commit = text(request, "head", "sha") or text(payload, "commit_id")
        facts = _facts(message, place) | {
            "number": number(payload, "number") or number(request, "number"), "action": action, "commit": commit,
            "branch": text(request, "base", "ref"), "agent": text(payload, "sender", "login")}
        return request_event(message, url, commit, facts)


class MergeRequest:
    """`gitlab.merge_request`: GitLab's pull request."""

    names = ("gitlab.merge_request",)

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the merge request."""
        payload = payload_of(message)
        request = mapping(payload, "object_attributes")
        action = text(request, "action")
        if action not in _NEW_CODE_GITLAB or (action == "update" and not value(request, "oldrev")):
            return nothing(f"`{action}` brings no new code to the merge request")
        url = text(request, "url")
        place = _place(text(payload, "project", "web_url"))
        if url is None or place is None:
            return nothing("names no merge request")
        commit = text(request, "last_commit", "id")
        facts = _facts(message, place) | {
            "number": number(request, "iid"), "action": action, "commit": commit,
            "branch": text(request, "target_branch"), "agent": text(payload, "user", "username")}
        return request_event(message, url, commit, facts)


def payload_of(message: BusMessage) -> Mapping[str, Any]:
    """Return the webhook's payload, taken out of the relay's wrapper where there is one."""
    inner = message.body.get("body")
    return inner if isinstance(inner, Mapping) and "headers" in message.body else message.body


def _place(url: str | None) -> tuple[str, str] | None:
    """Return host and path of a repository's page."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host, path = parts.hostname, parts.path.strip("/").removesuffix(".git")
    except ValueError:
        return None
    return (host, path) if host and path else None


def _facts(message: BusMessage, place: tuple[str, str]) -> dict[str, Any]:
    host, path = place
    namespace, _, name = path.rpartition("/")
    return {"host": host, "namespace": namespace, "repo": name, "name": name}
