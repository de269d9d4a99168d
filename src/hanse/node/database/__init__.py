"""The node's own database: tables, engine, one setting for SQLite or PostgreSQL."""
