"""
The web pages of the results database. For who writes them:

* `routes.py` has PAGE_ROUTES: path to method to endpoint, the same shape as `reporting/database/routes.py`.
  An endpoint is `def page(service: Service, request: Request, **parts_of_the_path: str) -> Response`, plain and
  synchronous; it runs in a thread of the server, so it may take its time, and many run at once.
* Ask rows from `service.storage` (the seam `reporting/database/storage.py`; frozen rows of `records.py`):
  `results(ResultFilter, Page)`, `latest(ResultFilter, distinct_on)`, `testcases`, `groups`, `result(id)`. Filters are
  records of `question.py`; `DataFilter` can also negate, ask "has this key", and match patterns; `not_outcomes` and
  `after_id` exist. `api_v2.parameters.result_filter(request, service, faults)` reads every filter of the API from a
  query, so a search page understands the API's parameters with one call (the faults say what is wrong, in words).
  One more row than shown tells whether there is a next page. New questions (counts a day, ...) go into the seam and
  into `sql/`, where one text serves both databases.
* `Result.data_values()` is key to list of values, `group_uuids()` the groups; times are microseconds UTC
  (`timestamps.to_text`, `to_datetime`). `service.outcomes` has every allowed outcome.
* Answer `Response(200, html.encode(), HTML)`; set headers in `.headers` (`Content-Security-Policy`, ETag, ...). To fail,
  raise `exchange.ApiError(status, message)` or `HtmlError`. HEAD, OPTIONS, 404, 405, 500 and gzip are done for you.
* Links begin with `request.base_url` (scheme, host and the proxy's prefix), without it they break behind a proxy.
* Everything from the database is a stranger's text: render with Jinja2 and autoescape, and let only http(s) URLs
  become links. Files of a page (CSS, script) lie in `static/` here and go out by a route of their own.
* `front.py` is a placeholder for `/` and `/results`: replace it. Atom feeds are pages too.
* Try it: `checkotron results serve --port 0 --database sqlite:///FILE`, and
  `python -m benchmarks.results_database.load sqlite:///FILE --results 100000` fills it with realistic rows.
"""
