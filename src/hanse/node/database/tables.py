"""Tables that cannot be rebuilt: users, tokens, audit log, applications, credentials."""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    event,
)

NODE_SCHEMA = "node"
NODE_SCHEMA_VERSION = 1
metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("roles", String(128), nullable=False),  # comma-separated, sorted
    Column("password_hash", String(256), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until_ms", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("last_login_ms", BigInteger, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),  # session | token
    Column("user", String(64), ForeignKey("users.name", ondelete="CASCADE"), nullable=False),
    Column("label", String(200), nullable=False),
    Column("roles", String(128), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Index("tokens_by_user", "user"),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("time_ms", BigInteger, nullable=False, index=True),
    Column("actor", String(200), nullable=False, index=True),
    Column("operation", String(80), nullable=False),
    Column("target", Text, nullable=False),
    Column("outcome", String(80), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

audit_anchors = Table(
    "audit_anchors",
    metadata,
    Column("length", BigInteger, primary_key=True, autoincrement=False),
    Column("head", String(64), nullable=False),
    Column("transaction", String(64), nullable=False),
    Column("time_ms", BigInteger, nullable=False),
)

applications = Table(
    "applications",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("did", String(80), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("roles", String(400), nullable=False),
    Column("controller", String(200), nullable=False),
    Column("details", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("proof", String(256), nullable=False),
    Column("state", String(16), nullable=False),  # PENDING | ADMITTED | REJECTED
    Column("reason", String(400), nullable=False),
    Column("credential", String(40), nullable=False),  # id of the credential issued
    Column("created_ms", BigInteger, nullable=False),
    Column("decided_ms", BigInteger, nullable=False),
)

issued_credentials = Table(
    "issued_credentials",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("subject", String(80), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("issued_ms", BigInteger, nullable=False),
)

# Index of the next credential in the own status lists, and which lists these are.
status_lists = Table(
    "status_lists",
    metadata,
    Column("purpose", String(16), primary_key=True),
    Column("status_list", String(80), nullable=False),
    Column("next_index", Integer, nullable=False),
)

held_credentials = Table(
    "held_credentials",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("issuer", String(80), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)

# One row per table imported into the vault, from the first byte on.
data_tables = Table(
    "data_tables",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("state", String(16), nullable=False),  # IMPORTING | READY | FAILED
    Column("object", String(80), nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("key_columns", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # sealed: it can be searched for
    Column("profile", LargeBinary, nullable=False),  # sealed: it holds ranges of values
    Column("error_code", String(80), nullable=False),
    Column("error_message", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

# Which dataset on the ledger is backed by which table here, with the commitment's opening.
data_publications = Table(
    "data_publications",
    metadata,
    Column("commitment", String(64), primary_key=True),
    Column("dataset", String(40), nullable=False, index=True),  # empty until committed
    Column("table_id", String(40), nullable=False, index=True),
    Column("opening", LargeBinary, nullable=False),  # sealed
    Column("published_ms", BigInteger, nullable=False),
)

# What this node asked for, so that it can compare what the owner agreed to.
grant_requests = Table(
    "grant_requests",
    metadata,
    Column("grant_id", String(40), primary_key=True),
    Column("terms", Text, nullable=False),
    Column("decision", String(16), nullable=False),  # "" | VERIFIED | DIFFERS
    Column("created_ms", BigInteger, nullable=False),
)

APPEND_ONLY = "the audit log is append-only"


def _after_create(statement: str, dialect: str) -> None:
    ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
    event.listen(audit_entries, "after_create", ddl)


for _action in ("UPDATE", "DELETE"):
    _after_create(
        f"CREATE TRIGGER audit_no_{_action.lower()} BEFORE {_action} ON audit_entries "
        f"BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END",
        "sqlite",
    )
_after_create(
    "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{APPEND_ONLY}'; END $$",
    "postgresql",
)
_after_create(
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "postgresql",
)
