"""
Which check may report under which name.

Two rules. A run reports under its own check's name or below it (`dist.rpmlint`,
`dist.rpmlint.config`), or under a safe namespace; so no check speaks for
another. And, where `namespaces.yml` says so, a namespace belongs to named
repositories of checks:

    safe: [scratch]
    allowed:
      dist: ["https://pagure.io/fedora-qa/"]
      pkg: ["https://src.fedoraproject.org/"]

A result that breaks a rule is not lost: it is reported under the name of the
run's check, NEEDS_INSPECTION, and says what was claimed.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from checks.contracts import ExecutionReport
from checks.item import shown
from checks.outcome import Outcome
from checks.result import Result


class NamespacesError(ValueError):
    """Raised when a namespaces file cannot be used; `.faults` has every fault."""

    def __init__(self, path: Path, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{path}: {fault}" for fault in faults))


#: Stands for checks that are in no repository: the library as it is installed, and the operator's own folders.
LIBRARY = "library"


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Who may report under which name."""

    #: Anybody may use these.
    safe: tuple[str, ...] = ("scratch",)
    #: Namespace: how the URLs of its repositories begin. A namespace that is not listed belongs to everybody.
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def enforced(self, result: Result, report: ExecutionReport) -> Result:
        """Return the result under the name it may have."""
        why = self.refusal(result.testcase, report)
        if why is None:
            return result
        own = report.testcase if self.refusal(report.testcase, report) is None else f"{self.safe[0]}.{report.testcase}"
        return result.with_changes(
            testcase=own, outcome=Outcome.NEEDS_INSPECTION,
            summary=f"claimed {result.outcome} as `{shown(result.testcase)}`: {why}",
            extra={**result.extra, "claimed_testcase": (shown(result.testcase, 256),)})

    def refusal(self, testcase: str, report: ExecutionReport) -> str | None:
        """Return why a run must not report under that name, None where it may."""
        if any(testcase.startswith(f"{name}.") for name in self.safe):
            return None
        if testcase != report.testcase and not testcase.startswith(f"{report.testcase}."):
            return f"a run of `{shown(report.testcase)}` may not report under this name"
        namespace = testcase.partition(".")[0]
        prefixes = self.allowed.get(namespace)
        if prefixes is None:
            return None
        repository = str(report.details.get("repository", ""))
        if any(_is_below(repository, prefix) for prefix in prefixes):
            return None
        return f"namespace `{shown(namespace)}` is not open to checks from `{shown(repository) or 'nowhere'}`"


DEFAULT_NAMESPACES = Namespaces()


def load_namespaces(path: Path) -> Namespaces:
    """Return the rules in a file. Raises NamespacesError: every fault at once; OSError: it cannot be opened."""
    from checks.document import DocumentError, load_document

    try:
        data = load_document(path.read_text(encoding="utf-8"), str(path)).data
    except DocumentError as error:
        raise NamespacesError(path, [f"line {fault.line}: {fault.message}" for fault in error.faults]) from None
    faults: list[str] = []
    if not isinstance(data, Mapping):
        raise NamespacesError(path, ["expected the keys `safe` and `allowed`"])
    faults += [f"unknown key `{shown(key)}`; expected `safe` or `allowed`" for key in data
               if key not in ("safe", "allowed")]
    safe = data.get("safe", ["scratch"])
    if not _are_texts(safe) or not safe:
        faults.append("`safe` is not a list of at least one namespace")
    allowed = data.get("allowed") or {}
    if not isinstance(allowed, Mapping):
        faults.append("`allowed` is not a mapping of a namespace to a list of URLs")
        allowed = {}
    faults += [f"`allowed.{shown(name)}` is not a list of URLs"
               for name, urls in allowed.items() if not _are_texts(urls)]
    if faults:
        raise NamespacesError(path, faults)
    return Namespaces(tuple(safe), {name: tuple(urls) for name, urls in allowed.items()})


def _is_below(repository: str, prefix: str) -> bool:
    """True where the URL is the prefix or goes on after a whole path part: `…/qa` does not open `…/qa-evil`."""
    if prefix == LIBRARY:
        return not repository
    plain = prefix.rstrip("/")
    return repository.removesuffix(".git") == plain.removesuffix(".git") or repository.startswith(plain + "/")


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
