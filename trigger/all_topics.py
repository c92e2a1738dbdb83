"""The literal list of topics, and the way from a message to its events."""
from __future__ import annotations

from functools import lru_cache

from trigger.message import BusMessage
from trigger.topic import Reading, Topic, TopicSettings, name_pattern, nothing
from trigger.topics.bodhi import BodhiReady, BodhiUpdate
from trigger.topics.ci import CiTest
from trigger.topics.compose import Compose, Module
from trigger.topics.copr import CoprBuild
from trigger.topics.dist_git import GitHook, PagurePush
from trigger.topics.item_ready import ItemReady
from trigger.topics.koji import KojiBuild, KojiTag, KojiTask
from trigger.topics.pull_request import PagurePullRequest
from trigger.topics.result import ResultNew
from trigger.topics.webhook import MergeRequest, PullRequest, Push

TOPICS: tuple[Topic, ...] = (
    KojiBuild(),
    KojiTag(),
    KojiTask(),
    BodhiReady(),
    BodhiUpdate(),
    PagurePush(),
    GitHook(),
    PagurePullRequest(),
    Push(),
    PullRequest(),
    MergeRequest(),
    CoprBuild(),
    Compose(),
    Module(),
    CiTest(),
    ResultNew(),
    ItemReady(),
)


def read_events(message: BusMessage, settings: TopicSettings) -> Reading:
    """Return the events of a message; nothing and a reason where no topic of ours is about it."""
    topic = topic_named(message.name)
    if topic is None:
        return nothing(f"topic `{message.name}` is none of those that are read")
    return topic.read(message, settings)


@lru_cache(maxsize=4096)
def topic_named(name: str) -> Topic | None:
    """Return the first topic that reads messages of that name."""
    return next((topic for topic in TOPICS for pattern in topic.names if name_pattern(pattern).fullmatch(name)), None)


def binding_keys() -> list[str]:
    """Return what a queue must be bound to for all topics, whatever prefix the publisher uses."""
    return sorted({f"#.{name}" for topic in TOPICS for name in topic.names})
