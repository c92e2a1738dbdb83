"""Pull requests on Pagure; a push to one comes as `updated`, `rebased` or both, and counts once."""
from __future__ import annotations

from typing import Any

from trigger.field import mapping, number, text
from trigger.git_event import host_of, request_event
from trigger.message import BusMessage
from trigger.topic import Reading, TopicSettings, nothing


class PagurePullRequest:
    """`pagure.pull-request.new`, `.updated`, `.rebased`, `.reopened`: there is something new to test."""

    names = ("pagure.pull-request.new", "pagure.pull-request.updated", "pagure.pull-request.rebased",
             "pagure.pull-request.reopened")

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the pull request."""
        request, project = mapping(message.body, "pullrequest"), mapping(message.body, "pullrequest", "project")
        found, name = number(request, "id"), text(project, "name")
        if found is None or name is None:
            return nothing("names no pull request")
        if text(request, "status") in ("Closed", "Merged"):
            return nothing("the pull request is closed")
        namespace = text(project, "namespace")
        path = text(project, "url_path") or "/".join(part for part in (namespace, name) if part)
        url = text(request, "full_url") or f"https://{host_of(message)}/{path}/pull-request/{found}"
        commit = text(request, "commit_stop")
        facts: dict[str, Any] = {
            "namespace": namespace, "repo": name, "name": name, "number": found, "branch": text(request, "branch"),
            "distgit_branch": text(request, "branch"), "commit": commit, "agent": text(message.body, "agent"),
            "host": host_of(message), "action": message.name.removeprefix("pagure.pull-request."),
        }
        return request_event(message, url, commit, facts)
