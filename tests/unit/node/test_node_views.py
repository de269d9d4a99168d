"""The views say what the contracts' state says, after every block, and can be rebuilt."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from contract_network import Network
from contract_story import FEE, PRICE, Story, publish
from projected_chain import CHAIN, Chain
from sqlalchemy import select

from hanse.api.flows import ProgressView
from hanse.contracts.catalogue.messages import PublishResource, WithdrawDataset
from hanse.contracts.flows.messages import RerunFlow, ResumeFlow, SuspendFlow, TerminateFlow
from hanse.contracts.flows.types import FLOWS, STEPS
from hanse.contracts.identity.messages import SuspendMember
from hanse.contracts.identity.types import MEMBERS
from hanse.contracts.points.errors import AccountFrozenError
from hanse.contracts.points.messages import FreezeAccount, TransferPoints
from hanse.contracts.points.types import ACCOUNTS
from hanse.contracts.rights.types import GRANTS
from hanse.ledger.block import Block
from hanse.ledger.errors import BlockPruned
from hanse.node.database.engine import Database
from hanse.node.errors import NothingFound, ViewsBehind
from hanse.node.observability.metrics import Metrics
from hanse.node.views import tables
from hanse.node.views.projector import PROJECTIONS, Projector
from hanse.node.views.queries import catalogue, flows, grants, members, points, transactions
from hanse.node.views.queries.paging import PageRequest
from hanse.node.views.queries.trace import trace


@pytest.fixture
def views(database_url: str):
    database = Database.open(database_url, durable=False)
    yield database
    database.close()


@pytest.fixture
def told(views: Database, monkeypatch) -> tuple[Story, Chain]:
    """The usual story, with every block projected from the first on."""
    made: list[Chain] = []
    post_init = Network.__post_init__

    def follow(self: Network) -> None:
        post_init(self)
        made.append(Chain(self, views))

    monkeypatch.setattr(Network, "__post_init__", follow)
    return Story(uses=3), made[0]


def assert_views_equal_state(story: Story, chain: Chain) -> None:
    state = story.net.state
    with chain.database.read() as connection:
        for row in connection.execute(select(tables.flows)).mappings():
            record = FLOWS.get(state, row["id"])
            assert record is not None
            for name in ("state", "cause", "code", "reason", "consumed", "price_points"):
                assert row[name] == getattr(record, name), name
            assert (row["steps_done"], row["steps_total"]) == (record.completed, record.steps)
        for row in connection.execute(select(tables.steps)).mappings():
            step = STEPS.get(state, row["flow"], row["step"])
            seen = (row["state"], row["attempt"], row["deadline_ms"])
            expected = ("WAITING", 0, 0)
            if step is not None:
                expected = (step.state, step.attempt, step.deadline_ms)
            assert seen == expected, row["step"]
        for row in connection.execute(select(tables.grants)).mappings():
            grant = GRANTS.get(state, row["id"])
            assert grant is not None
            for name in ("state", "standing", "reserved", "consumed", "owner", "consumer"):
                assert row[name] == getattr(grant, name), name
        for row in connection.execute(select(tables.accounts)).mappings():
            account = ACCOUNTS.get(state, row["did"])
            assert account is not None
            for name in ("balance_points", "held_points", "frozen"):
                assert row[name] == getattr(account, name), name
        for row in connection.execute(select(tables.members)).mappings():
            member = MEMBERS.get(state, row["did"])
            assert member is not None
            assert (row["state"], row["name"]) == (member.state, member.name)


def test_every_event_of_every_contract_is_declared_to_the_projections() -> None:
    """A misspelt event name in a projection would silently change nothing."""
    from contract_network import CONTRACTS

    by_name = {contract.name: contract for contract in CONTRACTS}
    # Services are few and small: they are read from the state itself.
    assert by_name.keys() - PROJECTIONS.keys() == {"services"}
    for name, contract in by_name.items():
        if name not in PROJECTIONS:
            continue
        emitted = {event.__name__ for event in contract.events}
        assert PROJECTIONS[contract.name].handled <= emitted, contract.name


def test_completed_flow_views_equal_state_at_each_step(told) -> None:
    story, chain = told
    flow = story.deploy()
    for step in ("align", "split", "report", "train", "score"):
        assert_views_equal_state(story, chain)
        story.run_step(flow, step)
    assert_views_equal_state(story, chain)
    with chain.database.read() as connection:
        view = flows.get_flow(connection, flow, {})
        assert view.state == "COMPLETED"
        assert view.payments == {
            story.net.did("merchant"): PRICE,
            story.net.did("compute_1"): FEE,
        }
        assert view.party_names["bank"] == "bank"
        assert all(step.completed_ms for step in view.steps)
        history = points.history(connection, story.net.did("bank"), PageRequest())
        assert [(e.kind, e.amount_points) for e in history.items] == [
            ("held", -PRICE - FEE),
            ("issued", 1_000),
        ]


def test_progress_is_shown_of_the_attempt_under_way_alone(told) -> None:
    story, chain = told
    flow = story.deploy()
    story.confirm(flow, "align")
    of_first = {("align", 1): ProgressView(phase="keys", done=5, total=9)}
    with chain.database.read() as connection:
        assert flows.get_flow(connection, flow, of_first).steps[0].progress is not None
    story.fail(flow, "align", "bank")
    story.confirm(flow, "align")
    with chain.database.read() as connection:
        shown = flows.get_flow(connection, flow, of_first).steps[0]
        assert (shown.state, shown.attempt, shown.progress) == ("STARTED", 2, None)


def test_suspend_resume_fail_rerun_terminate_views_equal_state(told) -> None:
    story, chain = told
    flow = story.deploy()
    story.confirm(flow, "align")
    story.net.send("bank", SuspendFlow(flow, "maintenance"))
    assert_views_equal_state(story, chain)
    story.net.send("bank", ResumeFlow(flow))
    assert_views_equal_state(story, chain)
    story.run_step(flow, "align")
    story.run_step(flow, "split")
    story.fail(flow, "train", "bank", final=True)
    assert_views_equal_state(story, chain)
    story.net.send("bank", RerunFlow(flow, "train"))
    assert_views_equal_state(story, chain)
    story.net.send("merchant", TerminateFlow(flow, "wrong data"))
    assert_views_equal_state(story, chain)
    second = story.deploy()
    assert_views_equal_state(story, chain)
    counted = chain.projector._metrics.text().decode()
    assert 'hanse_tasks_total{outcome="completed"} 2.0' in counted
    assert 'hanse_tasks_total{outcome="failed"} 1.0' in counted
    with chain.database.read() as connection:
        reports = flows.get_flow(connection, flow, {}).reports
        assert [(r.step, r.party_name) for r in reports] == [("train", "bank")]
        own = story.net.did("bank")
        listed = flows.list_flows(connection, PageRequest(limit=1), own)
        assert ([f.id for f in listed.items], bool(listed.next)) == ([second], True)
        rest = flows.list_flows(connection, PageRequest(limit=1, after=listed.next), own)
        assert ([f.id for f in rest.items], rest.next) == ([flow], "")
        nobody = flows.list_flows(connection, PageRequest(), story.net.did("auditor"))
        assert nobody.items == []


def test_points_and_members_views_equal_state(told) -> None:
    story, chain = told
    story.net.send("bank", TransferPoints(story.net.did("merchant"), 70, "für Daten"))
    story.net.send("operator", FreezeAccount(story.net.did("bank"), "audit"))
    with pytest.raises(AccountFrozenError):
        story.net.send("bank", TransferPoints(story.net.did("merchant"), 1))
    story.net.send("operator", SuspendMember(story.net.did("stranger"), "why"))
    assert_views_equal_state(story, chain)
    with chain.database.read() as connection:
        held = members.list_members(connection, PageRequest(), state="SUSPENDED").items
        assert [item.name for item in held] == ["stranger"]
        found = members.list_members(connection, PageRequest(), role="compute_provider").items
        assert {item.name for item in found} == {"compute_1", "compute_2", "stranger"}
        assert members.list_members(connection, PageRequest(), role="compute").items == []
        refused = transactions.find_transactions(
            connection, PageRequest(limit=2), contract="points", action="TransferPoints"
        )
        assert len(refused.items) == 2
        with pytest.raises(NothingFound):
            points.get_account(connection, "did:hanse:nobody")
        assert points.get_account(connection, story.net.did("auditor")).balance_points == 0


def test_catalogue_search_finds_substrings_in_any_script(told) -> None:
    story, chain = told
    net = story.net
    wanted = publish(
        net, title="客户购买画像（华东）", keywords=["零售", "ＡＢＣ１"], description="100% _sure_"
    )
    other = publish(net, title="Vehicle sensors", operators=["summary"], level=3)
    net.send("merchant", WithdrawDataset(other))

    def search(**conditions: object) -> list[str]:
        with chain.database.read() as connection:
            chosen = catalogue.DatasetFilter(**conditions)  # type: ignore[arg-type]
            page = catalogue.search_datasets(connection, PageRequest(), chosen, {})
            return [item.id for item in page.items]

    assert search(q="购买") == [wanted]
    assert search(q="买画 华东") == [wanted]
    assert search(q="abc1") == [wanted]
    assert search(q="100% _su") == [wanted]
    assert search(q="1000") == []
    assert search(q="买卖") == []
    assert search(keyword="零售") == [wanted]
    assert search(q="SENSORS") == []
    assert search(q="SENSORS", state="WITHDRAWN") == [other]
    assert search(field="spend", max_level=2) == []
    assert wanted in search(purpose="credit-risk", operator="align", max_level=3)
    assert search(purpose="marketing") == []
    assert len(search(owner=net.did("bank"))) == 1


def test_catalogue_pages_join_without_gap_or_repetition(told) -> None:
    story, chain = told
    made = {publish(story.net, title=f"entry {i}", level=3) for i in range(7)}
    seen: list[str] = []
    after = ""
    with chain.database.read() as connection:
        while True:
            request = PageRequest(limit=2, after=after)
            chosen = catalogue.DatasetFilter(q="entry", purpose="credit-risk")
            page = catalogue.search_datasets(connection, request, chosen, {})
            seen += [item.id for item in page.items]
            after = page.next
            if not after:
                break
    assert sorted(seen) == sorted(made)


def test_resources_and_grants_by_condition(told) -> None:
    story, chain = told
    offer = PublishResource(protocols=["aby3"], price_points=7, cores=2, memory_bytes=10)
    story.net.send("compute_1", offer)
    own = story.net.did("bank")
    with chain.database.read() as connection:
        found = catalogue.list_resources(connection, PageRequest(), protocol="aby3").items
        assert [(r.owner_name, r.price_points) for r in found] == [("compute_1", 7)]
        assert catalogue.list_resources(connection, PageRequest(), protocol="aby").items == []
        mine = grants.list_grants(connection, PageRequest(), own, 0, side="consumer").items
        assert [(g.id, g.side, g.uses_left) for g in mine] == [(story.grant, "consumer", 3)]
        assert grants.list_grants(connection, PageRequest(), own, 0, side="owner").items == []
        late = grants.get_grant(connection, story.grant, own, 2**52)
        assert late.standing == "EXPIRED"


def test_trace_of_a_flow_goes_from_grant_to_payment_and_not_to_other_flows(told) -> None:
    story, chain = told
    first, second = story.deploy(), story.deploy()
    story.run_all(first)
    story.run_all(second)
    with chain.database.read() as connection:
        found = trace(connection, first)
        names = [entry.event for entry in found.entries]
        assert names.index("DatasetPublished") < names.index("GrantFinalized")
        assert names.index("GrantFinalized") < names.index("FlowDeployed")
        assert names.index("FlowDeployed") < names.index("FlowCompleted")
        assert names.count("PointsPaid") == 2
        assert names.count("FlowDeployed") == 1
        assert all(second not in json.dumps(entry.data) for entry in found.entries)
        assert second in trace(connection, story.grant).related
        payment = next(e for e in found.entries if e.event == "PointsPaid")
        by_transaction = trace(connection, payment.transaction)
        assert by_transaction.kind == "transaction"
        assert "FlowCompleted" in [entry.event for entry in by_transaction.entries]
        assert trace(connection, story.net.did("merchant")).kind == "member"
        with pytest.raises(NothingFound):
            trace(connection, "gr-" + "a" * 26)


def test_rebuilt_views_are_the_same(told) -> None:
    story, chain = told
    story.run_all(story.deploy())
    before = chain.dump()
    chain.projector.reset()
    for block in chain.blocks:
        chain.projector.project(block)
    assert chain.dump() == before


def test_projecting_a_block_twice_changes_nothing_and_resumes_by_cursor(told) -> None:
    _, chain = told
    before = chain.dump()
    chain.projector.project(chain.blocks[-1])
    assert chain.dump() == before
    again = Projector(chain.database, chain.projector._genesis, CHAIN, Metrics())
    again.prepare()
    assert again.height == chain.blocks[-1].header.height
    assert chain.dump() == before


def test_views_of_another_chain_are_thrown_away(told) -> None:
    _, chain = told
    other = Projector(chain.database, chain.projector._genesis, "cd" * 32, Metrics())
    other.prepare()
    assert other.height == 0
    assert chain.dump()["view_grants"] == []


def test_a_block_that_breaks_half_way_leaves_nothing(told, monkeypatch) -> None:
    story, chain = told
    story.deploy()
    last = chain.blocks[-1]
    chain.projector.reset()
    for block in chain.blocks[:-1]:
        chain.projector.project(block)
    before = chain.dump()
    applied = PROJECTIONS["flows"].apply

    def broken(connection, fact) -> None:
        applied(connection, fact)
        raise RuntimeError("power cut")

    monkeypatch.setattr(PROJECTIONS["flows"], "apply", broken)
    with pytest.raises(RuntimeError):
        chain.projector.project(last)
    assert chain.dump() == before
    assert chain.projector.height == last.header.height - 1


async def test_waiting_for_a_height_ends_when_the_views_have_it(told) -> None:
    _, chain = told
    blocks = chain.blocks
    chain.projector.reset()

    class Feed:
        async def blocks(self, from_height: int) -> AsyncIterator[Block]:
            for block in blocks[from_height - 1 :]:
                yield block

    waiting = asyncio.create_task(chain.projector.wait_height(blocks[-1].header.height))
    await chain.projector.follow(Feed())
    await waiting
    with pytest.raises(ViewsBehind):
        await chain.projector.wait_height(10**6, timeout_s=0.01)


async def test_views_go_on_above_blocks_that_are_not_kept(told) -> None:
    _, chain = told
    blocks, base = chain.blocks, 5
    chain.projector.reset()
    asked = []

    class Pruned:
        async def blocks(self, from_height: int) -> AsyncIterator[Block]:
            asked.append(from_height)
            if from_height < base:
                raise BlockPruned(base=base)
            for block in blocks[from_height - 1 :]:
                yield block

    await chain.projector.follow(Pruned())
    assert asked == [1, base]
    assert chain.projector.height == blocks[-1].header.height
    with chain.database.read() as connection:
        heights = connection.execute(select(tables.transactions.c.height)).scalars().all()
    assert min(heights) == base
    again = Projector(chain.database, chain.projector._genesis, CHAIN, Metrics())
    again.prepare()
    assert again.height == chain.projector.height
