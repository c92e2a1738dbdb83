"""The tables and their history (Alembic); `migrate.py` runs them."""
