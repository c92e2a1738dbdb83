"""
The web pages of the results database: server-rendered HTML that works without scripts.

A page, start to end:
  routes.py        the literal list: path to endpoint
  endpoint.py      every endpoint's door: errors become pages in words
  front.py item.py result.py testcase.py group.py search.py   a file a page: asks the storage, fills a template
  row.py verdict.py comparison.py history.py attention.py build.py output.py   what is worked out from results
  addresses.py     names to URLs, and which URL may become a link
  wording.py       a stranger's text made visible and safe; times and numbers in words
  template.py      templates/ to an answer, with the content policy; static.py: the files in static/

Questions of the pages alone stand in `sql/page_*.py` and are asked by `Storage.ask`. Every question is
bounded: the newest so many results, one range of an index; no page ever reads all of a table.
Everything that comes from the database is a stranger's text: templates escape it, and `visible` or `cut`
show what could mislead (control characters, direction marks).
"""
