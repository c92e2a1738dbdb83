"""The newest results as a table; takes every filter of /api/v2.0/results."""
from __future__ import annotations

from html import escape

from reporting.database.api_v2.parameters import cut, page_of, result_filter, rows_wanted
from reporting.database.exchange import HTML, Request, Response
from reporting.database.faults import Faults
from reporting.database.links import page_links
from reporting.database.records import Result
from reporting.database.service import Service
from reporting.database.timestamps import to_text

_STYLE = ("body{font:16px/1.5 system-ui,sans-serif;margin:1rem auto;max-width:75rem;padding:0 1rem}"
          "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;"
          "border-bottom:1px solid #bbb;vertical-align:top;overflow-wrap:anywhere}")


def newest_results(service: Service, request: Request) -> Response:
    """Answer a page of results, newest first."""
    faults = Faults()
    limit, page = page_of(request, faults)
    wanted = result_filter(request, service, faults)
    faults.finish()
    rows, has_next = cut(service.storage.results(wanted, rows_wanted(service, limit, page)), limit, service)
    newer, older = page_links(request, page, has_next)
    links = [f'<a href="{escape(url)}">{word}</a>' for url, word in ((newer, "Newer"), (older, "Older")) if url]
    lines = "\n".join(_line(row, request.base_url) for row in rows)
    text = (f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Results</title>'
            f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n'
            f"<body>\n<h1>Results</h1>\n<table>\n<thead><tr><th>Time (UTC)</th><th>Outcome</th><th>Testcase</th>"
            f"<th>Item</th><th>Note</th><th>Log</th></tr></thead>\n<tbody>\n{lines}\n</tbody>\n</table>\n"
            f"<p>{' '.join(links)}</p>\n</body>\n</html>\n")
    return Response(200, text.encode("utf-8", "replace"), HTML,
                    {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})


def _line(row: Result, base_url: str) -> str:
    items = ", ".join(row.data_values().get("item", []))
    log = ""
    if row.ref_url and row.ref_url.startswith(("http://", "https://")):
        log = f'<a href="{escape(row.ref_url)}" rel="noreferrer">log</a>'
    return (f'<tr><td><a href="{escape(base_url)}/api/v2.0/results/{row.id}">{to_text(row.submit_time)[:19]}</a></td>'
            f"<td>{escape(row.outcome)}</td><td>{escape(row.testcase.name)}</td><td>{escape(items)}</td>"
            f"<td>{escape(row.note or '')}</td><td>{log}</td></tr>")
