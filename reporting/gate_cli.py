"""`checkotron gate`: may an item go out?"""
from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reporting.places import TroubleError, UsageError, results_url, secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporting.gate.decision import Decision
    from reporting.gate.policy import Policy
    from reporting.gate.question import Question, Waivers
    from reporting.gate.subject import Subject
    from reporting.koji_hub import KojiHub


@click.command(short_help="Decide whether an item may go out.")
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@click.option("--policy", "policy_files", multiple=True, required=True, type=click.Path(path_type=Path, dir_okay=False),
              help="A file of policies in Greenwave's format. May be given several times.")
@click.option("--item-type", help="koji_build, bodhi_update, compose, ... [default: what each item looks like].")
@click.option("--context", "--decision-context", "context",
              help="The gate, `bodhi_update_push_stable` [default: the only one in the policies].")
@click.option("--product-version", help="`fedora-40` [default: the only one in the policies].")
@click.option("--gating", multiple=True, metavar="FILE|URL",
              help="The package's own gating.yaml, for RemoteRule; {pkg_name} and {rev} are filled in.")
@click.option("--revision", default="HEAD", help="The {rev} of --gating, where no --koji says it.")
@click.option("--bodhi", metavar="URL", envvar=["CHECKOTRON_BODHI_URL", "BODHI_URL"],
              help="Asked for the builds of an update, which are decided with it.")
@click.option("--koji", metavar="URL", envvar=["CHECKOTRON_KOJI_HUB", "KOJI_HUB_URL"],
              help="The hub: when a build was made, for valid_since and valid_until; its sources, for --gating.")
@click.option("--waivers", metavar="FILE|URL", help="WaiverDB's address, or a file of waivers.")
@click.option("--when", help="Decide as it was at that time (ISO 8601, UTC).")
@click.option("--made-at", help="When the items were made, for rules with valid_since and valid_until "
                                "[default: what --koji says, else now].")
@click.option("--ignore-result", type=int, multiple=True, help="Leave out the result with that id.")
@click.option("--ignore-waiver", type=int, multiple=True, help="Leave out the waiver with that id.")
@click.option("--verbose", is_flag=True, help="All results and waivers in the JSON.")
@click.option("--url", help="The results database [default: the one that runs here].")
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), help="State folder of `checkotron up`.")
@click.option("--json", "as_json", is_flag=True, help="The decision as Greenwave's API gives it.")
@click.pass_context
def gate(ctx: click.Context, /, items: tuple[str, ...], policy_files: tuple[Path, ...], as_json: bool,
         **asked: Any) -> None:
    """
    Decide whether an item may go out.

    Exit 0 where it may, 1 where something stands in the way.

    \b
      checkotron gate xchat-0.5-1.fc20 --policy fedora.yaml
      checkotron gate FEDORA-2026-04459ef8cf --policy fedora.yaml --waivers waivers.yaml \\
          --context bodhi_update_push_stable --bodhi https://bodhi.fedoraproject.org
      checkotron gate FEDORA-2026-04459ef8cf a-1-1.fc40 b-2-1.fc40 --policy fedora.yaml
    """
    from reporting.client import ResultsDBClient
    from reporting.gate.decision import Gate
    from reporting.gate.question import NoBuildError, NoPolicyError
    from reporting.gate.remote import FileOrUrls
    from reporting.reporter import DeliveryError, RefusedError

    policies = read_policies(policy_files)
    try:
        question = _question(items, policies, asked)
        client = ResultsDBClient(results_url(asked["url"], asked["state"]), token=secrets(None).token)
        waivers = read_waivers(asked["waivers"])
        hub = koji_hub(asked["koji"])
        remote = FileOrUrls(asked["gating"], revision=asked["revision"], builds=hub)
        decision = Gate(policies, client, waivers, remote, hub).decide(question)
    except ValueError as error:
        raise UsageError(str(error)) from None
    except NoPolicyError as error:
        raise UsageError(f"{error}\n{_known(policies)}") from None
    except NoBuildError as error:
        raise UsageError(f"{error}; a rule asks when it was made: --made-at TIME") from None
    except DeliveryError as error:
        where = "" if str(error).startswith(("WaiverDB ", "Koji ", "Bodhi ")) else f"{client.name}: "
        if isinstance(error, RefusedError):
            raise UsageError(f"{where}{error}") from None
        raise TroubleError(f"{where}{error}; try again") from None
    if as_json:
        click.echo(json.dumps(decision.to_dict(), indent=2))
    else:
        _print(decision)
    ctx.exit(0 if decision.is_satisfied else 1)


def read_policies(paths: Sequence[Path]) -> list[Policy]:
    """Return the policies of files. Raises UsageError: every fault of all of them."""
    from reporting.gate.policy import PolicyError, load_policies

    policies: list[Policy] = []
    faults: list[str] = []
    for path in paths:
        try:
            policies += load_policies(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{path}: cannot be read: {error}")
        except PolicyError as error:
            faults.append(str(error))
    if faults:
        raise UsageError("\n".join(faults))
    if not policies:
        raise UsageError(f"{paths[0]}: no policies; expected YAML documents tagged !Policy")
    return policies


def _question(items: Sequence[str], policies: Sequence[Policy], asked: dict[str, Any]) -> Question:
    from reporting.gate.question import Question

    subjects, told = _subjects(items, asked["item_type"], asked["bodhi"])
    contexts = {context for policy in policies for context in policy.decision_contexts}
    products = {product for policy in policies for product in policy.product_versions}
    context = asked["context"] or _only(contexts, "--context", policies)
    product = asked["product_version"] or told or _only(
        {product for product in products if not set(product) & set("*?[")}, "--product-version", policies)
    return Question(
        decision_context=context, product_version=product, subjects=subjects,
        when=_moment(asked["when"], "--when").strftime("%Y-%m-%dT%H:%M:%S.%f") if asked["when"] else None,
        made_at=_moment(asked["made_at"], "--made-at") if asked["made_at"] else None, verbose=asked["verbose"],
        ignore_results=asked["ignore_result"], ignore_waivers=asked["ignore_waiver"])


def _subjects(items: Sequence[str], item_type: str | None, bodhi: str | None
              ) -> tuple[tuple[Subject, ...], str | None]:
    """Return what to decide about, updates with their builds, and the product that an update is for, if Bodhi says."""
    from reporting.gate.subject import guessed, subject
    from reporting.gate.update import update_at

    subjects: list[Subject] = []
    product = None
    for item in items:
        subjects.append(subject(item_type, item) if item_type else guessed(item))
        if bodhi and subjects[-1].type == "bodhi_update":
            update = update_at(bodhi, item)
            subjects += [subject("koji_build", build) for build in update.builds]
            product = update.product_version or product
    return tuple(one for number, one in enumerate(subjects) if one not in subjects[:number]), product


def koji_hub(url: str | None) -> KojiHub | None:
    """Return the hub at an address, None without one."""
    from reporting.koji_hub import KojiHub

    return KojiHub(url) if url else None


def _only(found: set[str], option: str, policies: Sequence[Policy]) -> str:
    if len(found) == 1:
        return next(iter(found))
    raise UsageError(f"which one? Name it: {option}\n{_known(policies)}")


def _known(policies: Sequence[Policy]) -> str:
    lines = [f"  {context} of {', '.join(policy.product_versions)} for {policy.subject_type} ({policy.id})"
             for policy in policies for context in policy.decision_contexts]
    return "the policies know:\n" + "\n".join(lines[:20]) + ("\n  ..." if len(lines) > 20 else "")


def _moment(text: str, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} `{text}` is no time; expected something like 2026-11-21T10:00:00") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_waivers(place: str | None) -> Waivers:
    """Return the waivers of an address or a file. Raises ValueError: the file cannot be used."""
    from reporting.gate.waivers import NoWaivers, WaiverDB, WaiverFile
    from reporting.urls import is_web_address

    if place is None:
        return NoWaivers()
    return WaiverDB(place) if is_web_address(place) else WaiverFile(Path(place))


def _print(decision: Decision) -> None:
    from rich.text import Text

    from reporting.gate.explanation import blockers, sentence, waivers
    from reporting.printed import console, wrapped

    screen = console()
    screen.print(Text(wrapped(screen, sentence(decision)), style="green" if decision.is_satisfied else "bold red"),
                 soft_wrap=True)
    for what, next_step in blockers(decision):
        screen.print(Text(wrapped(screen, what, "  - ")), soft_wrap=True)
        screen.print(Text(wrapped(screen, next_step, "    "), style="dim"), soft_wrap=True)
    if lines := list(waivers(decision)):
        screen.print(Text("To waive, put into a file what follows and give it as --waivers FILE:"), soft_wrap=True)
        for line in lines:
            screen.print(Text(line), soft_wrap=True)
