"""Which version of each schema a database holds."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, String, Table

schema_versions = Table(
    "schema_versions",
    MetaData(),
    Column("name", String(32), primary_key=True),
    Column("version", Integer, nullable=False),
)
