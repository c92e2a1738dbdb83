"""
Policies in Greenwave's format: one YAML document each, tagged `!Policy`, with tagged rules.

A package's own policies (`gating.yaml`) may leave out what the global policy
that asks for them says, and may not ask for further files.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from typing import Any

import yaml

from checks.item import shown

#: Characters. The longest policy file known has 60 kB.
_SIZE_LIMIT = 1024 * 1024
_DEPTH_LIMIT = 16
_PLAIN = "tag:yaml.org,2002:"
#: Names a policy that a request brings along, and its gate.
ON_DEMAND = "on-demand-policy"


class PolicyError(Exception):
    """Raised when a policy file has faults; all of them are in `.faults`, each beginning with the policy."""

    def __init__(self, name: str, faults: Sequence[tuple[int, str]]) -> None:
        #: Without file and line, as decisions quote them.
        self.faults = tuple(message for _, message in faults)
        super().__init__("\n".join(f"{name}:{line}: {message}" for line, message in faults))


@dataclass(frozen=True, slots=True)
class PassingTestCaseRule:
    """This testcase must have passed, for each architecture, variant and scenario that reported."""

    test_case_name: str
    scenario: str | None = None
    #: UTC. Applies to items made from then on, and until then.
    valid_since: datetime | None = None
    valid_until: datetime | None = None

    def is_valid_at(self, moment: datetime) -> bool:
        """True where the rule concerns an item of that time."""
        return not ((self.valid_since and moment < self.valid_since)
                    or (self.valid_until and moment >= self.valid_until))


@dataclass(frozen=True, slots=True)
class RemoteRule:
    """What the package's own `gating.yaml` says counts too."""

    required: bool = False
    #: URLs to try in order; empty: those that the caller knows.
    sources: tuple[str, ...] = ()


Rule = PassingTestCaseRule | RemoteRule


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules for one kind of item at some gates of some products."""

    id: str | None
    product_versions: tuple[str, ...]
    decision_contexts: tuple[str, ...]
    subject_type: str
    rules: tuple[Rule, ...]
    excluded_packages: tuple[str, ...] = ()
    #: Empty: every package.
    packages: tuple[str, ...] = ()
    #: Where a package's own policy comes from.
    source: str | None = None
    #: Made from the rules in a request; concerns whatever the request is about.
    is_on_demand: bool = False
    #: Spelt an old way.
    has_blacklist: bool = False

    def concerns(self, decision_context: str, product_version: str) -> bool:
        """True where the policy counts at that gate of that product."""
        return decision_context in self.decision_contexts and any(
            fnmatchcase(product_version, pattern) for pattern in self.product_versions)

    def excludes(self, package: str | None) -> bool:
        """True for a package that the policy exempts."""
        return package is not None and any(fnmatchcase(package, pattern) for pattern in self.excluded_packages)

    def leaves_out(self, package: str | None) -> bool:
        """True where the policy names packages and this is none of them."""
        return (package is not None and bool(self.packages)
                and not any(fnmatchcase(package, pattern) for pattern in self.packages))


def load_policies(text: str, name: str, *, is_remote: bool = False, source: str | None = None) -> tuple[Policy, ...]:
    """
    Return the policies of a file; `name` is the file in messages.

    `is_remote`: a package's own file, where less is required and RemoteRule is refused.
    Raises PolicyError: every fault of the file.
    """
    reader = _Reader(is_remote, source)
    if len(text) > _SIZE_LIMIT:
        raise PolicyError(name, [(1, f"more than {_SIZE_LIMIT} characters")])
    try:
        _hold_depth(text, name)
        nodes = [node for node in yaml.compose_all(text, Loader=yaml.CSafeLoader) if node is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise PolicyError(name, [(mark.line + 1 if mark else 1, f"YAML Parser Error: {shown(problem, 200)}")]) from None
    policies = [reader.policy(node) for node in nodes]
    if reader.faults:
        raise PolicyError(name, reader.faults)
    return tuple(policies)


class _Reader:
    """Turns nodes into policies and gathers every fault with its line."""

    def __init__(self, is_remote: bool, source: str | None) -> None:
        self.is_remote = is_remote
        self.source = source
        self.faults: list[tuple[int, str]] = []

    def policy(self, node: yaml.Node) -> Policy:
        if node.tag != "!Policy" and not (self.is_remote and node.tag == f"{_PLAIN}map"):
            self._fault(node, (), "Missing !Policy tag")
        keys = self._keys(node, (), "Expected mapping for !Policy tagged object")
        label = keys["id"].value if isinstance(keys.get("id"), yaml.ScalarNode) else "untitled"
        crumbs = (f"Policy {label!r}",)
        needed = ("rules",) if self.is_remote else ("id", "product_versions", "subject_type", "rules")
        for key in needed:
            if key not in keys:
                self._fault(node, crumbs, f"Attribute {key!r} is required")
        contexts = self._texts(keys, "decision_contexts", crumbs)
        context = self._text(keys, "decision_context", crumbs)
        if contexts and context:
            self._fault(node, crumbs, 'Both properties "decision_contexts" and "decision_context" were set')
        elif not contexts and not context:
            self._fault(node, crumbs, "No decision contexts provided")
        return Policy(
            id=self._text(keys, "id", crumbs), source=self.source, rules=self._rules(keys.get("rules"), crumbs),
            product_versions=self._texts(keys, "product_versions", crumbs) or (("*",) if self.is_remote else ()),
            decision_contexts=contexts or ((context,) if context else ()),
            subject_type=self._text(keys, "subject_type", crumbs) or "koji_build",
            excluded_packages=(*self._texts(keys, "excluded_packages", crumbs),
                               *self._texts(keys, "blacklist", crumbs)),
            packages=self._texts(keys, "packages", crumbs), has_blacklist="blacklist" in keys)

    def _rules(self, node: yaml.Node | None, crumbs: tuple[str, ...]) -> tuple[Rule, ...]:
        if node is None:
            return ()
        crumbs = (*crumbs, "Attribute 'rules'")
        if not isinstance(node, yaml.SequenceNode):
            self._fault(node, crumbs, "Expected list of Rule objects")
            return ()
        rules = [self._rule(child, crumbs) for child in node.value]
        return tuple(rule for rule in rules if rule is not None)

    def _rule(self, node: yaml.Node, crumbs: tuple[str, ...]) -> Rule | None:
        if node.tag in ("!PackageSpecificBuild", "!FedoraAtomicCi"):
            self._fault(node, crumbs, f'{node.tag} is obsolete. Please use the "packages" allowlist instead.')
            return None
        if node.tag not in ("!PassingTestCaseRule", "!RemoteRule"):
            self._fault(node, crumbs, "Expected list of Rule objects, each tagged !PassingTestCaseRule or !RemoteRule")
            return None
        if node.tag == "!RemoteRule" and self.is_remote:
            self._fault(node, crumbs[:1], "RemoteRule is not allowed in remote policies")
            return None
        crumbs = (*crumbs, f"YAML object {node.tag}")
        keys = self._keys(node, crumbs, "Expected a mapping")
        if node.tag == "!RemoteRule":
            return RemoteRule(required=self._truth(keys.get("required"), crumbs),
                              sources=self._texts(keys, "sources", crumbs))
        name = self._text(keys, "test_case_name", crumbs)
        if not name:
            self._fault(node, crumbs, "Attribute 'test_case_name' is required")
        return PassingTestCaseRule(
            name or "", scenario=self._text(keys, "scenario", crumbs),
            valid_since=self._moment(keys.get("valid_since"), (*crumbs, "Attribute 'valid_since'")),
            valid_until=self._moment(keys.get("valid_until"), (*crumbs, "Attribute 'valid_until'")))

    def _keys(self, node: yaml.Node, crumbs: tuple[str, ...], expected: str) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, crumbs, expected)
            return {}
        return {str(key.value): value for key, value in node.value if isinstance(key, yaml.ScalarNode)}

    def _text(self, keys: dict[str, yaml.Node], key: str, crumbs: tuple[str, ...]) -> str | None:
        node = keys.get(key)
        if node is None or node.tag == f"{_PLAIN}null":
            return None
        if not isinstance(node, yaml.ScalarNode):
            self._fault(node, (*crumbs, f"Attribute {key!r}"), "Expected a text")
            return None
        return str(node.value)

    def _texts(self, keys: dict[str, yaml.Node], key: str, crumbs: tuple[str, ...]) -> tuple[str, ...]:
        node = keys.get(key)
        if node is None or node.tag == f"{_PLAIN}null":
            return ()
        if not isinstance(node, yaml.SequenceNode) or not all(child.tag == f"{_PLAIN}str" for child in node.value):
            self._fault(node, (*crumbs, f"Attribute {key!r}"), "Expected list of str objects")
            return ()
        return tuple(str(child.value) for child in node.value)

    def _truth(self, node: yaml.Node | None, crumbs: tuple[str, ...]) -> bool:
        if node is None:
            return False
        if node.tag != f"{_PLAIN}bool":
            self._fault(node, (*crumbs, "Attribute 'required'"), f"Expected a boolean value, got: {_shown(node)}")
        return isinstance(node.value, str) and node.value.lower() in ("true", "yes", "on")

    def _moment(self, node: yaml.Node | None, crumbs: tuple[str, ...]) -> datetime | None:
        if node is None or node.tag == f"{_PLAIN}null":
            return None
        try:
            return _as_utc(datetime.fromisoformat(str(node.value)))
        except ValueError:
            self._fault(node, crumbs, f"Expected a date or time such as 2026-11-21, got: {_shown(node)}")
            return None

    def _fault(self, node: yaml.Node, crumbs: Iterable[str], message: str) -> None:
        self.faults.append((node.start_mark.line + 1, ": ".join((*crumbs, message))))


def _hold_depth(text: str, name: str) -> None:
    """Raise PolicyError for lists within lists without end: making nodes of them would take the process down."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH_LIMIT:
            fault = f"YAML Parser Error: more than {_DEPTH_LIMIT} levels"
            raise PolicyError(name, [(event.start_mark.line + 1, fault)])


def on_demand_policy(rules: Any, product_version: str, data: dict[str, Any]) -> Policy:
    """Return the policy of a request that names its rules itself. Raises PolicyError."""
    made: list[Rule] = []
    makers: dict[str, Callable[[dict[str, Any]], Rule]] = {
        "PassingTestCaseRule": lambda rule: PassingTestCaseRule(str(rule["test_case_name"]), rule.get("scenario")),
        "RemoteRule": lambda rule: RemoteRule(rule.get("required") is True, tuple(map(str, rule.get("sources") or ()))),
    }
    try:
        for rule in rules:
            made.append(makers[rule["type"]](rule))
    except (KeyError, TypeError, AttributeError) as error:
        raise PolicyError("request", [(1, f"Attribute 'rules': a rule lacks or misspells {error}")]) from None
    excluded = data.get("excluded_packages") or ()
    return Policy(id=ON_DEMAND, product_versions=(product_version,), decision_contexts=(ON_DEMAND,),
                  subject_type="*", is_on_demand=True, rules=tuple(made), excluded_packages=tuple(map(str, excluded)),
                  packages=tuple(map(str, data.get("packages") or ())))


def _as_utc(moment: datetime | date) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _shown(node: yaml.Node) -> str:
    return shown(node.value if isinstance(node, yaml.ScalarNode) else node.id)
