"""Questions that the original cannot answer, below /api/extra; described in docs/results-database.md."""
