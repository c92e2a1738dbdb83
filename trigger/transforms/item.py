"""
Translates an item where the check takes another type: an update becomes its builds.

One item may stand for several; each of them gets its own job, and the check's
verdict on the whole is for reporting to say.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator

from checks.item import ItemError, parse_item
from trigger.job_description import JobDescription
from trigger.transform import TransformConfig, TransformError

Translator = Callable[[TransformConfig, JobDescription], tuple[str, ...]]


def translate_item(config: TransformConfig, job: JobDescription) -> Iterator[JobDescription]:
    """Yield the description as it is, or one for each item of a type that the check takes."""
    check = job.description
    if check is None or check.runs_on(job.item_type):
        yield job
        return
    for item_type in check.item_types:
        translator = TRANSLATORS.get((job.item_type, item_type))
        if translator is not None:
            yield from _translated(job, translator(config, job), item_type)
            return
    raise TransformError(job, f"the check takes {', '.join(check.item_types)}, not {job.item_type}")


def builds_of_update(config: TransformConfig, job: JobDescription) -> tuple[str, ...]:
    """Return the builds that the message names, else those that a lookup knows."""
    named = job.match.event.facts.get("builds")
    if isinstance(named, tuple) and named:
        return named
    found = config.lookup.builds_of_update(job.item)
    if not found:
        raise TransformError(job, f"the builds of update {job.item} are not known; the message names none, and "
                                  + ("it has none" if found == () else "no Bodhi that is asked knows it (--bodhi URL)"))
    return found


def build_of_tag(config: TransformConfig, job: JobDescription) -> tuple[str, ...]:
    """Return the build that got or lost the tag."""
    nvr = job.match.event.facts.get("nvr")
    if not isinstance(nvr, str):
        raise TransformError(job, f"the message does not say which build the tag {job.item} is about")
    return (nvr,)


def commit_of_pull_request(config: TransformConfig, job: JobDescription) -> tuple[str, ...]:
    """Return the newest commit of a pull request to dist-git."""
    facts = job.match.event.facts
    parts = [facts.get(name) for name in ("namespace", "repo", "commit")]
    if not all(isinstance(part, str) and part for part in parts):
        raise TransformError(job, "the message does not name the commit of the pull request")
    return (f"{parts[0]}/{parts[1]}#{parts[2]}",)


#: (item type of the event, item type of the check): how to get from one to the other.
TRANSLATORS: dict[tuple[str, str], Translator] = {
    ("bodhi_update", "koji_build"): builds_of_update,
    ("koji_tag", "koji_build"): build_of_tag,
    ("pull_request", "dist_git_commit"): commit_of_pull_request,
}


def _translated(job: JobDescription, items: tuple[str, ...], item_type: str) -> Iterator[JobDescription]:
    """Yield every valid one, and only then tell of the others: one wrong name must not cost the rest their jobs."""
    faults: list[str] = []
    for item in items:
        try:
            valid = parse_item(item, item_type)
        except ItemError as error:
            faults.append(str(error))
            continue
        yield job.with_changes(item=valid.item, item_type=item_type)
    if faults:
        raise TransformError(job, "; ".join(faults))
