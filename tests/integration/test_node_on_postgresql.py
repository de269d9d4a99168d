"""A node that keeps its users, audit log, credentials and views in PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from network_harness import MemberPlan, SmallNetwork, small_network
from postgres_server import in_schema
from sqlalchemy import create_engine, text

BANK = MemberPlan("bank", ["data_provider"], name="银行")


@pytest.fixture
def network(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SmallNetwork]:
    """An operator and a member, each with a schema of its own."""
    engine = create_engine(postgres)

    def environment(key: str) -> dict[str, str]:
        schema = f"{key}_{secrets.token_hex(4)}"
        with engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        return {"HANSE_DATABASE__URL": in_schema(postgres, schema)}

    with small_network(tmp_path, [BANK], environment=environment) as running:
        yield running
    engine.dispose()


def test_node_keeps_everything_there_and_goes_on_after_a_crash(
    network: SmallNetwork, tmp_path: Path
) -> None:
    operator, bank = network["operator"], network["bank"]
    file = tmp_path / "customers.csv"
    file.write_text("id,a\n" + "".join(f"c{i},{i}\n" for i in range(30)), "utf-8")
    steward = bank.client("steward")
    table = steward.data.upload(file, "客户", key_columns=["id"])
    dataset = steward.data.publish(
        table.id, title="客户", operators=["align"], purposes=["credit-risk"]
    )
    network.sync()
    bank.kill()
    operator.client().points.issue(bank.did, 5)
    bank.start()
    network.sync()
    assert [item.id for item in steward.data.list().items] == [table.id]
    assert steward.catalogue.dataset(dataset.id).table == table.id
    assert [item.name for item in bank.client().users.list().items] == ["admin", "steward"]
    assert len(bank.client().credentials.list(side="held").items) == 1
    assert bank.client().points.account(bank.did).balance_points == 5
    found = operator.client("analyst").catalogue.datasets(q="客").items
    assert [item.id for item in found] == [dataset.id]
    assert bank.stop() == 0
    bank.start()
    verdict = bank.client("auditor").audit.verify_log()
    assert verdict.state == "INTACT"
    assert verdict.anchored_length > 0
    for node in network.nodes.values():
        assert not list(node.home.glob("*.sqlite"))
