"""What SQLite and PostgreSQL share: how a question becomes one statement. Knows no driver."""
