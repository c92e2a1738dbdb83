"""
The embedded results database: ResultsDB's API over SQLite or PostgreSQL.

A request, start to end:
  server.py        the ASGI door: bytes in, bytes out, one thread a request
  application.py   read this first: proxy headers, route, answer or error
  routes.py        the literal list of paths
  api_v2/, api_v3/ one file a kind of row: checks the request, asks the storage, renders
  storage.py       the seam; storages/ has SQLite and PostgreSQL; all_storages.py lists them
  sql/             what both databases share: how a question becomes one statement
"""
