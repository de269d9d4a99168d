"""Views of validators say what the contract's state says, after every block."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from contract_network import Network
from msgspec.structs import replace
from projected_chain import Chain
from sqlalchemy import select
from validator_network import accuse, registration, replacement, validator_network, vote

from hanse.contracts.validators.messages import DeregisterNode, UpdateNode
from hanse.contracts.validators.queries import get_node, get_report, get_set, get_votes
from hanse.node.database.engine import Database
from hanse.node.views import tables
from hanse.node.views.queries import validators
from hanse.node.views.queries.paging import PageRequest


@pytest.fixture
def chain(database_url: str) -> Iterator[tuple[Network, Chain]]:
    net = validator_network(vote_lifetime_ms=60_000)
    database = Database.open(database_url, durable=False)
    yield net, Chain(net, database)
    database.close()


def assert_views_equal_state(net: Network, chain: Chain) -> None:
    state = net.state
    with chain.database.read() as connection:
        registered = {v.did: v for v in validators.list_nodes(connection, PageRequest()).items}
        for name in net.names:
            node, view = get_node(state, net.did(name)), registered.get(net.did(name))
            assert (node is None) == (view is None)
            if node is not None and view is not None:
                for field in ("engine_public", "certificate_public", "node_id", "address"):
                    assert getattr(view, field) == getattr(node, field), field
                assert (view.node_name, view.name) == (node.name, name)
                assert view.updated_height == node.updated_height
        for height in range(net.height + 3):
            record = get_set(state, height)
            assert record is not None
            page = validators.list_validators(connection, PageRequest(), height)
            assert [
                (v.did, v.power, v.engine_public, v.certificate_public, v.from_height)
                for v in page.items
            ] == [
                (v.did, v.power, v.engine_public, v.certificate_public, record.from_height)
                for v in record.validators
            ]
        for row in connection.execute(select(tables.fault_reports)).mappings():
            key = (row["offender"], row["fault_height"], row["kind"], row["reporter"])
            report = get_report(state, *key)
            assert report is not None
            assert (row["evidence"], row["time_ms"]) == (report.evidence, report.reported_ms)
        votes = validators.list_votes(connection, PageRequest(), net.time_ms)
        newest = get_set(state, 10**9)
        assert newest is not None
        powers = {v.did: v.power for v in newest.validators}
        open_votes = {
            (net.did(name), v.voter, v.power, v.expires_ms)
            for name in net.names
            for v in get_votes(state, net.did(name))
            if v.expires_ms > net.time_ms and v.voter in powers
        }
        assert {(v.did, v.voter, v.power, v.expires_ms) for v in votes.items} == open_votes
        assert all(v.voter_power == powers[v.voter] for v in votes.items)


def test_views_of_nodes_sets_votes_and_reports_equal_state(chain: tuple[Network, Chain]) -> None:
    net, told = chain
    assert_views_equal_state(net, told)
    net.send("compute_1", registration(net, "compute_1"))
    net.send("compute_2", registration(net, "compute_2"))
    net.send("compute_2", UpdateNode("ab" * 20, "[::1]:1", "moved"))
    vote(net, "compute_1", 2, "operator", "bank")
    vote(net, "compute_1", 3, "bank")
    vote(net, "compute_2", 1, "auditor")
    assert_views_equal_state(net, told)
    vote(net, "compute_1", 2, "merchant", "auditor")
    assert_views_equal_state(net, told)
    net.send("bank", replacement(net, "bank", engine=1, own=1))
    net.send("compute_2", DeregisterNode())
    accuse(net, "auditor", "bank", evidence="ff")
    assert_views_equal_state(net, told)
    accuse(net, "auditor", "operator")
    accuse(net, "auditor", "merchant")
    assert_views_equal_state(net, told)
    with told.database.read() as connection:
        # The auditor's vote is void with its power; those of others expire.
        assert validators.list_votes(connection, PageRequest(), net.time_ms).items == []
        auditor, bank = net.did("auditor"), net.did("bank")
        seen = validators.list_reports(connection, PageRequest(), offender=auditor)
        assert [r.reporter_name for r in seen.items] == ["merchant", "operator", "bank"]
        assert validators.list_reports(connection, PageRequest(), offender=bank).items == []


def test_votes_leave_the_view_when_they_expire(chain: tuple[Network, Chain]) -> None:
    net, told = chain
    vote(net, "auditor", 0, "bank")
    net.send("bank", UpdateNode("ab" * 20, "x:1"), after_ms=59_999)
    assert_views_equal_state(net, told)
    with told.database.read() as connection:
        (vote_view,) = validators.list_votes(connection, PageRequest(), net.time_ms).items
        assert vote_view.expires_ms == net.time_ms + 1
        assert validators.list_votes(connection, PageRequest(), net.time_ms + 1).items == []


def test_set_changed_twice_in_a_block_shows_once(chain: tuple[Network, Chain]) -> None:
    net, told = chain
    net.send("bank", replacement(net, "bank", engine=1))
    net.height -= 1
    net.send("merchant", replacement(net, "merchant", engine=1), after_ms=0)
    first, second = told.blocks
    both = replace(
        first,
        transactions=[*first.transactions, *second.transactions],
        receipts=[*first.receipts, *second.receipts],
    )
    told.projector.reset()
    told.projector.project(both)
    assert_views_equal_state(net, told)


def test_views_can_be_rebuilt(chain: tuple[Network, Chain]) -> None:
    net, told = chain
    net.send("compute_1", registration(net, "compute_1"))
    vote(net, "compute_1", 2, "operator", "bank", "merchant")
    vote(net, "auditor", 0, "operator")
    accuse(net, "auditor", "bank")
    before = told.dump()
    told.projector.reset()
    for block in told.blocks:
        told.projector.project(block)
    assert told.dump() == before
    assert before["view_validator_votes"]
    assert before["view_validator_sets"]
