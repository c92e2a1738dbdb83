"""The page of waiting jobs: those that wait for the same reason stand together, the largest group first."""
from __future__ import annotations

import html
from collections.abc import Sequence

from buildbot_master.parts.waiting_job import WaitingJob

#: Jobs of a group that are seen at once; a larger one is folded.
_OPEN = 30

_STYLE = """:root{color-scheme:light dark} body{font:1rem/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;
padding:0 1rem} h1{font-size:1.4rem} h2{font-size:1.1rem;margin:2rem 0 0} ul{margin:.3rem 0 .6rem;padding-left:1.2rem}
table{border-collapse:collapse;width:100%} td,th{padding:.35rem 1rem .35rem 0;text-align:left;vertical-align:top;
border-bottom:1px solid #8884} td{overflow-wrap:break-word} th:nth-child(-n+1){width:22%} th:nth-child(n+3){width:12%}
small{opacity:.75} summary{cursor:pointer}"""


def page_of(jobs: Sequence[WaitingJob], total: int) -> str:
    """Return the page; `total`: how many wait, where `jobs` has only the first of them."""
    groups: dict[tuple[str, ...], list[WaitingJob]] = {}
    for job in jobs:
        groups.setdefault(job.reasons, []).append(job)
    # a sort keeps the order of equals: the group of the job that is next stays first among them
    sections = "".join(_section(reasons, groups[reasons])
                       for reasons in sorted(groups, key=lambda one: -len(groups[one])))
    more = f"<p>and {total - len(jobs)} more, not shown here</p>" if total > len(jobs) else ""
    title = f"{_count(total)} {'waits' if total == 1 else 'wait'} for a worker"
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>{_STYLE}</style>
<h1>{title}</h1>{sections}{more}
<p><a href="./">Buildbot</a> · <a href="./waiting.json">as JSON</a></p></html>"""


def _section(reasons: tuple[str, ...], jobs: list[WaitingJob]) -> str:
    why = "".join(f"<li>{html.escape(reason)}</li>" for reason in reasons)
    if any(job.refused_in_seconds is not None for job in jobs):
        why += ("<li>no worker can ever run this: connect one that can, or change what the rule or the check asks "
                "for</li>")
    rows = "".join(_row(job) for job in jobs)
    table = f"<table><tr><th>check<th>item<th>arch<th>waits<th>request</tr>{rows}</table>"
    if len(jobs) > _OPEN:
        table = f"<details><summary>show them</summary>{table}</details>"
    return f"<h2>{_count(len(jobs))}</h2><ul>{why}</ul>{table}"


def _row(job: WaitingJob) -> str:
    refused = ("" if job.refused_in_seconds is None else
               f"<br><small>refused in {_age(job.refused_in_seconds)}</small>")
    return (f"<tr><td>{html.escape(job.taskname)}</td>"
            f"<td>{html.escape(job.item)} <small>{html.escape(job.item_type)}</small></td>"
            f"<td>{html.escape(job.arch)}</td><td>{_age(job.waits_seconds)}{refused}</td>"
            f'<td><a href="./#/buildrequests/{job.buildrequest}">{job.buildrequest}</a></td></tr>')


def _count(number: int) -> str:
    return f"{number or 'No'} job{'' if number == 1 else 's'}"


def _age(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
