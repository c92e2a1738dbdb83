"""
Results as one HTML file that needs nothing else: no script, no font, no server.

Shared by the `create_report` directive and the HTML reporter. Light and dark,
readable on a phone and on paper; everything a check said is escaped, and the
page forbids itself to load anything.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlsplit

from checks.item import shown
from checks.outcome import Outcome, worst_of
from checks.result import Result
from checks.tap.block import printable

#: Characters of one result's output that are shown; the log has the rest.
_OUTPUT_LIMIT = 100_000

#: Before the verdict, for whoever does not tell colours apart.
_SIGNS = {Outcome.PASSED: "✓", Outcome.INFO: "✓", Outcome.FAILED: "✗", Outcome.NEEDS_INSPECTION: "?"}
_TOLD = re.compile(r"^.{1,300}?: (E|W|error|warning): .*$", re.MULTILINE)

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1f24; --paper: #fff; --line: #d4d8de; --quiet: #565d67; --soft: #f4f5f7;
  --ok: #17692c; --info: #0b5394; --bad: #a31515; --look: #7a4d00; --link: #0b5394; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16181d; --line: #3a3f47; --quiet: #a5acb6;
  --soft: #1f2228; --ok: #7bd88f; --info: #8ec5ff; --bad: #ff9a9a; --look: #ffcf7a; --link: #8ec5ff; } }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  max-width: 64rem; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 0; display: inline; overflow-wrap: anywhere; }
.verdict { background: var(--soft); border: 1px solid var(--line); border-left: .4rem solid currentColor;
  border-radius: .4rem; margin: .9rem 0 1.3rem; padding: .7rem 1rem; } .verdict strong { font-size: 1.15rem; }
.verdict p { color: var(--ink); margin: .2rem 0 0; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0 0 1.5rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin-bottom: 2rem; }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .8rem .4rem 0; text-align: left; vertical-align: top;
  overflow-wrap: break-word; }
th { color: var(--quiet); font-weight: 600; } td:first-child { font-weight: 600; white-space: nowrap; }
.PASSED { color: var(--ok); } .INFO { color: var(--info); } .FAILED, .CRASHED, .ERROR { color: var(--bad); }
.NEEDS_INSPECTION, .ABORTED { color: var(--look); } a { color: var(--link); }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .6rem 0; padding: .5rem .8rem; }
summary { cursor: pointer; } pre { background: var(--soft); border-radius: .3rem; font-size: .85rem; line-height: 1.4;
  margin: .6rem 0 .2rem; max-height: 40rem; overflow: auto; padding: .6rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
pre b { color: var(--bad); } pre i { color: var(--look); font-style: normal; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
@media (max-width: 40rem) { thead { display: none; } tr, td { display: block; } tr { border-bottom: 1px solid
  var(--line); padding: .4rem 0; } td { border: 0; padding: .1rem 0; } }
@media print { pre { max-height: none; } }
"""


def report_page(title: str, facts: Mapping[str, str | None], results: Sequence[Result]) -> str:
    """
    Return the page: `title` as its heading, `facts` as a list of names and values (None is left out), the results.

    Addresses among the facts and in results become links where they are http or https.
    """
    heading = escape(shown(title, 300))
    rows = "".join(_row(number, result) for number, result in enumerate(results, 1))
    table = ("<table><thead><tr><th scope=col>Outcome<th scope=col>Item<th scope=col>Testcase<th scope=col>Summary"
             f"</tr></thead><tbody>{rows}</tbody></table>") if results else "<p>The check gave no result.</p>"
    # one result stands in the box above; a table of one line would say it again
    table = "" if len(results) == 1 else table
    details = "".join(_details(number, result) for number, result in enumerate(results, 1) if result.output)
    known = "".join(f"<dt>{escape(name)}</dt><dd>{_linked(value)}</dd>" for name, value in facts.items() if value)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_verdict_word(results)}: {heading}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{_breakable(heading)}</h1>{_box(results)}<dl>{known}</dl>{table}"
        f"{details}</main></body></html>\n")


def _box(results: Sequence[Result]) -> str:
    """Return the verdict, and for one result what it says and where its log is."""
    said = ""
    if len(results) == 1:
        only = results[0]
        arch = f" ({escape(shown(only.arch))})" if only.arch and only.arch != "noarch" else ""
        said = f"<p>{escape(shown(only.note, 500))}{arch}{_log(only)}</p>"
    worst = _worst(results) if results else None
    sign = "" if worst is None else f'<span aria-hidden="true">{_SIGNS.get(worst, "!")} </span>'
    colour = worst or ""
    return f'<div class="verdict {colour}"><strong>{sign}{_verdict(results)}</strong>{said}</div>'


def _row(number: int, result: Result) -> str:
    item = escape(shown(result.item, 200))
    item = f'<a href="#result-{number}">{item}</a>' if result.output else item
    arch = f" ({escape(shown(result.arch))})" if result.arch else ""
    return (f'<tr><td class="{result.outcome}">{result.outcome}</td><td>{item}{arch}</td>'
            f"<td>{escape(shown(result.testcase, 200))}</td>"
            f"<td>{escape(shown(result.note, 500))}{_log(result)}</td></tr>")


def _log(result: Result) -> str:
    return f' {_link(result.log_url, "log")}' if result.log_url else ""


def _details(number: int, result: Result) -> str:
    output = printable(result.output or "")
    cut = f"\n… {len(output) - _OUTPUT_LIMIT} more characters" if len(output) > _OUTPUT_LIMIT else ""
    is_open = "" if result.outcome.is_ok else " open"
    return (f'<details id="result-{number}"{is_open}><summary><h2><span class="{result.outcome}">{result.outcome}'
            f"</span> {escape(shown(result.sentence, 300))}</h2></summary>"
            f'<pre tabindex="0">{_marked(escape(output[:_OUTPUT_LIMIT]))}{cut}</pre></details>')


def _marked(text: str) -> str:
    """Return the output with its errors and warnings standing out, told as most tools tell them: `name: E: why`."""
    return _TOLD.sub(lambda line: f"<b>{line[0]}</b>" if line[1] in ("E", "error") else f"<i>{line[0]}</i>", text)


def _breakable(text: str) -> str:
    """Return the escaped text with places where a narrow window may break it."""
    return re.sub(r"(?<=[._/-])(?=\w)", "<wbr>", text)


def _verdict(results: Sequence[Result]) -> str:
    counts = Counter(result.outcome for result in results)
    if len(results) < 2:
        return _verdict_word(results)
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in reversed(Outcome) if counts[outcome])


def _verdict_word(results: Sequence[Result]) -> str:
    return "No result" if not results else str(_worst(results))


def _worst(results: Sequence[Result]) -> Outcome:
    return worst_of(result.outcome for result in results) or Outcome.INFO


def _linked(value: str) -> str:
    return _link(value, shown(value, 300)) if "://" in value else _breakable(escape(shown(value, 300)))


def _link(url: str, text: str) -> str:
    """Return a link, or plain text where the address is not one to click on."""
    try:
        is_web = urlsplit(url).scheme in ("http", "https")
    except ValueError:
        is_web = False
    if not is_web or not url.isprintable():
        return escape(shown(url, 300))
    return f'<a href="{escape(url, quote=True)}" rel="noreferrer">{escape(text)}</a>'
