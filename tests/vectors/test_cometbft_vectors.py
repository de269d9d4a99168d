"""Headers, commits and roots of a real engine; see ``provenance`` in the file."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hanse.crypto import merkle
from hanse.ledger.bft.engine.answers import SignedHeader
from hanse.ledger.errors import BadEngineCommit
from hanse.ledger.light.engine.commit import EngineCommit, verify_commit
from hanse.ledger.light.engine.header import (
    SHA256,
    engine_header_hash,
    engine_validators_hash,
    result_leaf,
    transaction_leaf,
)
from hanse.ledger.light.engine.reading import read_commit
from hanse.ledger.validators import Validator, engine_address

VECTORS = json.loads((Path(__file__).parent / "cometbft_commits.json").read_text("utf-8"))
BLOCKS = VECTORS["blocks"]
CHAIN = VECTORS["chain_id"]
replace = msgspec.structs.replace


def height_of(block: dict[str, Any]) -> int:
    return int(block["signed_header"]["header"]["height"])


def voters(block: dict[str, Any]) -> list[Validator]:
    found = []
    for item in block["validators"]:
        public = base64.b64decode(item["pub_key"])
        assert engine_address(public).hex() == item["address"].lower()
        found.append(Validator("did:" + item["address"], public.hex(), "", int(item["power"])))
    return sorted(found, key=lambda validator: validator.did)


def commit_of(block: dict[str, Any]) -> EngineCommit:
    found = msgspec.convert(block["signed_header"], SignedHeader, strict=False)
    return read_commit(found, voters(block))


@pytest.mark.parametrize("block", BLOCKS, ids=height_of)
def test_commit_of_the_engine_holds(block: dict[str, Any]) -> None:
    commit = commit_of(block)
    said = block["signed_header"]["commit"]["block_id"]["hash"].lower()
    assert engine_header_hash(commit.header) == said
    assert engine_validators_hash(voters(block)) == commit.header.validators_hash
    verify_commit(voters(block), CHAIN, commit)


def test_absent_votes_second_rounds_and_changed_sets_are_among_them() -> None:
    flags = {
        vote["block_id_flag"]
        for block in BLOCKS
        for vote in block["signed_header"]["commit"]["signatures"]
    }
    assert {1, 2} <= flags
    assert any(commit_of(block).round > 0 for block in BLOCKS)
    by_height = {height_of(block): block for block in BLOCKS}
    changed = [
        height
        for height in by_height
        if height - 1 in by_height
        and commit_of(by_height[height - 1]).header.next_validators_hash
        != commit_of(by_height[height - 1]).header.validators_hash
    ]
    assert changed
    for height in changed:
        before, after = by_height[height - 1], by_height[height]
        said = commit_of(before).header.next_validators_hash
        assert engine_validators_hash(voters(after)) == said


@pytest.mark.parametrize("block", BLOCKS, ids=height_of)
def test_transactions_hash_to_the_data_hash(block: dict[str, Any]) -> None:
    leaves = [transaction_leaf(base64.b64decode(item)) for item in block["txs"]]
    assert merkle.root(SHA256, leaves).hex() == commit_of(block).header.data_hash


def test_results_hash_as_the_engine_hashes_them() -> None:
    leaves = [result_leaf(r["ok"], bytes.fromhex(r["data"])) for r in VECTORS["results"]]
    for count, root in enumerate(VECTORS["results_roots"]):
        assert merkle.root(SHA256, leaves[:count]).hex() == root


def altered(commit: EngineCommit) -> dict[str, EngineCommit]:
    header, votes = commit.header, commit.votes
    other = "00" * 32
    vote = votes[0]
    return {
        "round": replace(commit, round=commit.round + 1),
        "negative round": replace(commit, round=-1),
        "no parts": replace(commit, parts=0),
        "parts": replace(commit, parts=commit.parts + 1),
        "parts hash": replace(commit, parts_hash=other),
        "upper case": replace(commit, parts_hash=commit.parts_hash.upper()),
        "header": replace(commit, header=replace(header, app_hash=other)),
        "height": replace(commit, header=replace(header, height=header.height + 1)),
        "height below": replace(commit, header=replace(header, height=-header.height)),
        "other set": replace(commit, header=replace(header, validators_hash=other)),
        "other chain": replace(commit, header=replace(header, chain_id="hanse-other")),
        "time": replace(
            commit, votes=[replace(vote, time=replace(vote.time, nanos=1)), *votes[1:]]
        ),
        "nanos": replace(
            commit, votes=[replace(vote, time=replace(vote.time, nanos=10**9)), *votes[1:]]
        ),
        "order": replace(commit, votes=votes[::-1]),
        "twice": replace(commit, votes=[vote, *votes]),
        "outsider": replace(commit, votes=[replace(vote, did="did:0"), *votes[1:]]),
        "swapped": replace(
            commit,
            votes=[replace(vote, signature=votes[1].signature), *votes[1:]],
        ),
        "short": replace(commit, votes=[replace(vote, signature="00"), *votes[1:]]),
        "none": replace(commit, votes=[]),
    }


NAMES = sorted(altered(commit_of(BLOCKS[0])))


@pytest.mark.parametrize("name", NAMES)
def test_altered_commits_are_refused(name: str) -> None:
    for block in BLOCKS:
        with pytest.raises(BadEngineCommit):
            verify_commit(voters(block), CHAIN, altered(commit_of(block))[name])


def test_more_than_two_thirds_of_the_power_is_needed() -> None:
    block = BLOCKS[0]
    commit, powers = commit_of(block), {v.did: v.power for v in voters(block)}
    strongest = [vote for vote in commit.votes if powers[vote.did] >= 3]  # 7 of 10
    verify_commit(voters(block), CHAIN, replace(commit, votes=strongest))
    weaker = [vote for vote in commit.votes if powers[vote.did] != 4]  # 6 of 10
    with pytest.raises(BadEngineCommit, match="too little power"):
        verify_commit(voters(block), CHAIN, replace(commit, votes=weaker))


def test_answers_of_others_and_malformed_ones_are_named() -> None:
    found = msgspec.convert(BLOCKS[0]["signed_header"], SignedHeader, strict=False)
    with pytest.raises(BadEngineCommit, match="cannot be read"):
        read_commit(found, voters(BLOCKS[0])[1:])
    for time in ("yesterday", "2026-11-24T17:40:01+01:00", "2026-13-24T17:40:01Z"):
        with pytest.raises(BadEngineCommit, match="cannot be read"):
            read_commit(replace(found, header=replace(found.header, time=time)), voters(BLOCKS[0]))
    whole = replace(found, header=replace(found.header, time="2026-11-24T17:40:01Z"))
    assert read_commit(whole, voters(BLOCKS[0])).header.time.nanos == 0
