"""Standing still is told from being at rest."""

from __future__ import annotations

from hanse.ledger.bft.progress import Progress, is_deciding, votes_missing
from hanse.ledger.bft.standing import Link, Standing, Voter


def test_time_counts_only_while_one_block_is_to_be_decided() -> None:
    progress = Progress()
    assert progress.look(4, deciding=False, now=0.0) == 0.0
    assert progress.look(4, deciding=False, now=900.0) == 0.0, "an idle network is at rest"
    assert progress.look(4, deciding=True, now=1_000.0) == 0.0
    assert progress.look(4, deciding=True, now=1_040.0) == 40.0
    assert progress.look(5, deciding=True, now=1_050.0) == 0.0, "a block came"
    assert progress.look(5, deciding=True, now=1_055.0) == 5.0
    assert progress.look(5, deciding=False, now=1_060.0) == 0.0
    assert progress.look(5, deciding=True, now=1_070.0) == 0.0
    assert progress.look(3, deciding=True, now=1_080.0) == 0.0, "it stepped back"


def test_engine_in_the_middle_of_a_round_is_deciding() -> None:
    assert not any(is_deciding(step) for step in ("new_height", "new_round"))
    assert all(is_deciding(step) for step in ("propose", "prevote", "precommit_wait", "commit"))


def test_missing_votes_are_named_by_power() -> None:
    voters = tuple(
        Voter(address=f"V{i}", power=i, signed=True, prevoted=i < 3, precommitted=False)
        for i in range(1, 5)
    )
    standing = Standing(
        version="0.38.25",
        node_id="a",
        catching_up=False,
        height=7,
        round=1,
        step="prevote",
        proposer="V1",
        voters=voters,
        mempool_transactions=1,
        mempool_bytes=1,
        links=(Link("b", "b", "127.0.0.1", outbound=True),),
    )
    said = votes_missing(standing)
    assert said == "votes of 3 of 10 power are here for block 7, round 1; linked engines: 1"
