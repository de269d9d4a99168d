"""Tables of the views. All of it can be rebuilt from the ledger at any time.

``position`` orders rows by the fact that made them: height × 10^6 + place in the block.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

VIEWS_SCHEMA = "views"
VIEWS_SCHEMA_VERSION = 5
metadata = MetaData()


def _id(name: str, *, key: bool = False, length: int = 80) -> Column[str]:
    return Column(name, String(length), primary_key=key, nullable=False)


def _big(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


cursor = Table("view_cursor", metadata, _id("chain", key=True), _big("height"))

blocks = Table(
    "view_blocks",
    metadata,
    _id("hash", key=True),
    _id("engine_hash"),
    _big("height"),
    Index("view_blocks_engine_hash", "engine_hash"),
)

transactions = Table(
    "view_transactions",
    metadata,
    _id("id", key=True),
    _big("position"),
    _big("height"),
    Column("place", Integer, nullable=False),
    _big("time_ms"),
    _id("sender"),
    _id("contract"),
    _id("action"),
    Column("ok", Boolean, nullable=False),
    _id("code"),
    Index("view_transactions_position", "position"),
    Index("view_transactions_sender", "sender", "position"),
)

facts = Table(
    "view_facts",
    metadata,
    _big("position", key=True),
    _big("height"),
    _big("time_ms"),
    _id("transaction"),
    _id("sender"),
    _id("contract"),
    _id("event"),
    _text("data"),
)

fact_subjects = Table(
    "view_fact_subjects",
    metadata,
    Column("subject", String(160), primary_key=True),
    _big("position", key=True),
    Index("view_fact_subjects_position", "position"),
)

members = Table(
    "view_members",
    metadata,
    _id("did", key=True),
    _big("position"),
    Column("name", String(200), nullable=False),
    Column("roles", String(400), nullable=False),
    Column("controller", String(200), nullable=False),
    _id("state"),
    _text("reason"),
    Column("endpoint", String(600), nullable=False),
    _big("registered_height"),
)

datasets = Table(
    "view_datasets",
    metadata,
    _id("id", key=True),
    _big("position"),
    _id("owner"),
    Column("title", String(200), nullable=False),
    Column("level", Integer, nullable=False),
    _big("price_points"),
    _id("state"),
    _text("entry"),
    _text("search"),
    Index("view_datasets_position", "position"),
    Index("view_datasets_owner", "owner"),
)

resources = Table(
    "view_resources",
    metadata,
    _id("id", key=True),
    _big("position"),
    _id("owner"),
    _id("state"),
    _text("entry"),
)

algorithms = Table(
    "view_algorithms",
    metadata,
    _id("id", key=True),
    _big("position"),
    _id("author"),
    _id("state"),
    _text("entry"),
)

algorithm_approvals = Table(
    "view_algorithm_approvals",
    metadata,
    _id("algorithm", key=True),
    _id("party", key=True),
    _id("state"),
)

grants = Table(
    "view_grants",
    metadata,
    _id("id", key=True),
    _big("position"),
    _id("dataset"),
    _id("owner"),
    _id("consumer"),
    _id("state"),
    _id("standing"),
    Column("reserved", Integer, nullable=False),
    Column("consumed", Integer, nullable=False),
    _text("entry"),
    _big("updated_ms"),
    _id("transaction"),
    Index("view_grants_position", "position"),
    Index("view_grants_dataset", "dataset"),
)

flows = Table(
    "view_flows",
    metadata,
    _id("id", key=True),
    _big("position"),
    _id("initiator"),
    Column("name", String(200), nullable=False),
    Column("purpose", String(100), nullable=False),
    _id("state"),
    _text("spec"),
    _text("payments"),
    Column("paid", Boolean, nullable=False),
    _big("price_points"),
    Column("steps_done", Integer, nullable=False),
    Column("steps_total", Integer, nullable=False),
    Column("consumed", Boolean, nullable=False),
    _id("cause"),
    _id("code"),
    _text("reason"),
    _big("created_ms"),
    _big("updated_ms"),
    _id("transaction"),
    Index("view_flows_position", "position"),
)

flow_parties = Table(
    "view_flow_parties", metadata, _id("did", key=True), _id("flow", key=True), _id("alias")
)

steps = Table(
    "view_steps",
    metadata,
    _id("flow", key=True),
    _id("step", key=True),
    Column("place", Integer, nullable=False),
    _id("state"),
    Column("attempt", Integer, nullable=False),
    _big("deadline_ms"),
    _big("requested_ms"),
    _big("started_ms"),
    _big("completed_ms"),
)

attempts = Table(
    "view_attempts",
    metadata,
    _id("flow", key=True),
    _id("step", key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    _id("state"),
    _id("manifest"),
    _big("requested_ms"),
    _big("started_ms"),
    _big("ended_ms"),
)

reports = Table(
    "view_reports",
    metadata,
    _big("position", key=True),
    _id("flow"),
    _id("step"),
    Column("attempt", Integer, nullable=False),
    _id("party"),
    _id("phase"),
    _id("code"),
    _text("message"),
    _text("blamed"),
    _id("transaction"),
    _big("time_ms"),
    Index("view_reports_flow", "flow"),
)

evidence = Table(
    "view_evidence",
    metadata,
    _id("id", key=True),
    Column("item", Integer, primary_key=True, autoincrement=False),
    _big("position"),
    Column("subject", String(160), nullable=False),
    _id("step"),
    Column("attempt", Integer, nullable=False),
    _id("party"),
    Column("name", String(200), nullable=False),
    _id("kind"),
    _id("commitment"),
    _big("height"),
    _big("time_ms"),
    _id("transaction"),
    Index("view_evidence_subject", "subject"),
    Index("view_evidence_position", "position"),
)

anchors = Table(
    "view_anchors",
    metadata,
    _id("member", key=True),
    _big("length", key=True),
    _id("head"),
    _big("height"),
    _id("transaction"),
)

accounts = Table(
    "view_accounts",
    metadata,
    _id("did", key=True),
    _big("position"),
    _big("balance_points"),
    _big("held_points"),
    Column("frozen", Boolean, nullable=False),
)

movements = Table(
    "view_movements",
    metadata,
    _big("position", key=True),
    _id("did", key=True),
    _big("height"),
    _big("time_ms"),
    _id("transaction"),
    _id("kind"),
    _big("amount_points"),
    _id("counterparty"),
    _id("subject"),
    _text("memo"),
    Index("view_movements_did", "did", "position"),
)

budgets = Table(
    "view_budgets",
    metadata,
    _id("dataset", key=True),
    _big("position"),
    _id("owner"),
    _text("entry"),
    Index("view_budgets_position", "position"),
)

nodes = Table(
    "view_nodes",
    metadata,
    _id("did", key=True),
    _big("position"),
    Column("name", String(64), nullable=False),
    _id("engine_public"),
    Column("certificate_public", String(130), nullable=False),
    _id("node_id"),
    Column("address", String(260), nullable=False),
    _big("registered_height"),
    _big("updated_height"),
    Index("view_nodes_position", "position"),
)

validator_sets = Table(
    "view_validator_sets",
    metadata,
    _big("from_height", key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    _id("did"),
    _id("engine_public"),
    Column("certificate_public", String(130), nullable=False),
    _big("power"),
)

validator_votes = Table(
    "view_validator_votes",
    metadata,
    _id("did", key=True),
    _id("voter", key=True),
    _big("position"),
    _big("power"),
    _big("height"),
    _big("time_ms"),
    _big("expires_ms"),
    _id("transaction"),
    Index("view_validator_votes_position", "position"),
)

fault_reports = Table(
    "view_fault_reports",
    metadata,
    _big("position", key=True),
    _id("offender"),
    _big("fault_height"),
    _id("kind"),
    _id("reporter"),
    _id("evidence"),
    _big("height"),
    _big("time_ms"),
    _big("expires_ms"),
    _id("transaction"),
    Index("view_fault_reports_offender", "offender", "position"),
)
