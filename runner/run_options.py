"""The options of `checkotron run`, as they were given, and the plan of a run that follows from them."""
from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.build_id import is_standalone, parse_build_id
from checks.catalogue import UnknownCheckError
from checks.contracts import NOARCH, CheckInput
from checks.description import CheckDescription
from checks.item import ItemError, parse_item, shown, slug
from runner import settings, trust
from runner.all_executors import EXECUTORS
from runner.choice import choose_executor, is_ours
from runner.environments import image_for
from runner.parameter import parameters_of
from runner.revision import revision_of
from runner.stages import RunPlan
from runner.validation import find


@dataclass(frozen=True, slots=True)
class RunOptions:
    """One field an option; see cli.py."""

    check: str
    item: str | None = None
    #: Without it the check's own, where it has only one.
    item_type: str | None = None
    arch: str | None = None
    build_id: str = "-1000"
    executor: str = "auto"
    #: Of podman; None: the check's own.
    image: str | None = None
    #: The most that the check may be trusted; what it is trusted follows from where it comes from.
    trust: int = trust.TRUSTED
    artifacts: Path | None = None
    koji_store: str | None = None
    report_url: str | None = None
    #: `NAME=VALUE` each.
    facts: tuple[str, ...] = ()
    #: `NAME=VALUE` each.
    parameters: tuple[str, ...] = ()
    #: Go before what the check's folder says.
    check_repository: str | None = None
    check_revision: str | None = None
    tap: str | None = None
    junit: Path | None = None
    as_json: bool = False
    verbose: bool = False
    quiet: bool = False
    keep: bool = False
    shell_on_failure: bool = False
    dry_run: bool = False
    exit_by_outcome: bool = False
    item_file: Path | None = None
    jobs: int = 1


#: As in a check file.
_ARCH = re.compile(r"[A-Za-z0-9_]{1,32}")
_FACT, _FACT_LIMIT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}"), 1024


def check_of(options: RunOptions) -> CheckDescription:
    """Return the check that is named. Raises CheckFileError, UnknownCheckError."""
    if not options.check:
        raise UnknownCheckError("the check is an empty text; expected a name of the library, or a path")
    return find(options.check, settings.check_folders(os.environ))


def plan_of(options: RunOptions, check: CheckDescription, **extra: Any) -> RunPlan:
    """
    Return the plan of a run; `extra` are further fields of it.

    Raises ItemError, BuildIdError, ExecutorError.
    """
    if not options.item:
        kind = (check.item_types or ("koji_build",))[0]
        raise ItemError(f"`--item` is missing; say which {kind} to check, such as `{_example(kind)}`")
    item = parse_item(options.item, options.item_type or (check.item_types or ("koji_build",))[0])
    build_id = parse_build_id(options.build_id)
    arch = options.arch or (check.arches[0] if len(check.arches) == 1 else NOARCH)
    if not _ARCH.fullmatch(arch):
        raise ItemError(f"`--arch`: `{shown(arch)}` is no architecture; expected a word such as `x86_64` or `noarch`")
    if options.executor != "auto" and options.executor not in EXECUTORS:
        known = ", ".join(("auto", *EXECUTORS))
        raise ItemError(f"`--executor`: unknown executor `{shown(options.executor)}`; known: {known}")
    given = CheckInput(item.item, item.item_type, build_id, arch, check.testcase)
    trusted = trust.trusted_folders(os.environ)
    executor = choose_executor(check, options.executor, trusted)
    image = image_for(check, given, executor.name, settings.roots_folder(os.environ))
    revision = revision_of(check.folder)
    if options.check_repository:
        # the folder is a copy then; a repository that it happens to lie in is another one
        revision = replace(revision, repository=options.check_repository, commit=options.check_revision)
    level = min(options.trust, trust.TRUSTED if is_ours(check, trusted) else trust.UNTRUSTED)
    return RunPlan(
        check=check, input=given, folder=(options.artifacts or _new_run_folder(check, given)).absolute(),
        executor=executor, workspaces=settings.workspaces_folder(os.environ, executor.confines),
        settings=_settings(options, level), revision=revision,
        facts=facts_of(options.facts), parameters=parameters_of(check, options.parameters, os.environ),
        given=trust.give(check, level, revision, settings.caches_folder(os.environ),
                         settings.secrets_folder(os.environ)),
        image=options.image if options.image and executor.name == "podman" else image, keep=options.keep, **extra)


def _settings(options: RunOptions, level: int) -> dict[str, str]:
    """Return where outside services are; a check that is not trusted names public addresses only."""
    found = settings.settings_from(os.environ, koji_store=options.koji_store)
    if "addresses" in found:
        from runner.address_rule import AddressRuleError, rule_in

        try:
            rule_in(found)
        except AddressRuleError as error:
            raise ItemError(str(error)) from None
    elif level < trust.TRUSTED:
        found["addresses"] = "public"
    return found


def facts_of(texts: Iterable[str]) -> dict[str, str]:
    """Return the facts in `NAME=VALUE` texts, the last of a name. Raises ItemError."""
    facts: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not _FACT.fullmatch(name) or len(value) > _FACT_LIMIT:
            raise ItemError(f"`--fact`: `{shown(text)}`; expected NAME=VALUE, a name of letters, digits and _, and "
                            f"at most {_FACT_LIMIT} characters")
        facts[name] = value
    return facts


def command_line(options: RunOptions, plan: RunPlan) -> list[str]:
    """Return the command that does the same again, from any folder."""
    check = str(plan.check.path.parent) if "/" in options.check or Path(options.check).exists() else options.check
    words = ["checkotron", "run", check, "--item", plan.input.item, "--item-type", plan.input.item_type]
    if plan.input.arch != NOARCH:
        words += ["--arch", plan.input.arch]
    if options.executor != "auto":
        words += ["--executor", options.executor]
    if options.image:
        words += ["--image", options.image]
    if options.trust < trust.TRUSTED:
        words += ["--trust", str(options.trust)]
    # those of the worker's environment, too: the line is run elsewhere
    words += [f"--parameter={name}={value}" for name, value in plan.parameters.items()
              if value != plan.check.parameters[name]]
    if options.koji_store:
        store = options.koji_store
        words += ["--koji-store", store if "://" in store else str(Path(store).absolute())]
    return words


def in_one_line(words: list[str]) -> str:
    """Return a command for a shell."""
    return shlex.join(words)


def expand_arches(options: RunOptions, check: CheckDescription) -> tuple[str, ...]:
    """Return the arches of a check with a matrix that is run without `--arch`; empty: one run is enough."""
    return check.arches if options.arch is None and check.has_matrix and len(check.arches) > 1 else ()


def _example(kind: str) -> str:
    from checks.item import ITEM_TYPES

    return f"--item {ITEM_TYPES[kind].example}"


def _new_run_folder(check: CheckDescription, given: CheckInput) -> Path:
    when = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    name = given.build_id if not is_standalone(given.build_id) else f"{when}-{check.name}-{slug(given.item)}"
    return settings.runs_folder(os.environ) / name
