"""What leaves a node is what the operators declare: every byte of a flow is kept and searched.

Computing links run mutual TLS, so their plaintext is taken where a test can take it: workers
started by a rehearsal speak through proxies that hold the parties' task keys. What nodes say to
each other over HTTP, and the ledger, are taken from a whole flow between six node processes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import socket
import unicodedata
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from leak_search import (
    Needles,
    add_flags,
    add_numbers,
    add_secret,
    add_text,
    http_messages,
    peeled,
    search,
)
from recording_proxy import Recorder, Recording
from secret_tables import (
    BANK_ROWS,
    COMMON,
    KEY,
    LABEL,
    MERCHANT_ROWS,
    make_tables,
    needles_of,
    write_files,
)
from tapped_links import (
    APART,
    THREE,
    TWO,
    Links,
    align,
    aligned_parts,
    listening,
    rehearsal_step,
    successful,
    table_of,
)
from tapped_rehearsal import TappedRehearsal
from wire import NoRawSockets, Wire

from hanse.cli.demo.flow import ALL_AT_HOME
from hanse.cli.demo.inputs import DemoFiles
from hanse.cli.demo.market import publish
from hanse.compute.operators import Role, preparation
from hanse.compute.operators.schedule import make_schedule
from hanse.compute.operators.trees import buckets
from hanse.compute.rehearsal import outputs_of
from hanse.compute.worker import ObjectRef
from hanse.core.errors import HanseError
from hanse.crypto.authcrypt import open_between
from hanse.identity.holder import Identity
from hanse.node.home import NodeHome
from hanse.node.secrets import ORDERER_ENTRY, Secrets, unlock

TRAINING = {"label": LABEL, "epochs": 2, "batch_size": 64}


# -- the search itself ---------------------------------------------------------------------------


def test_search_finds_what_is_planted_however_it_is_wrapped() -> None:
    bank, _ = make_tables()
    name, company = bank[KEY][7].as_py(), bank["雇主"][7].as_py()
    incomes = np.asarray(bank["收入"])
    digest = hashlib.sha256(b"id:" + name.lower().encode()).digest()
    planted: dict[str, bytes] = {
        "text": name.encode(),
        "full-width": unicodedata.normalize("NFKC", name).encode("utf-16-le"),
        "escaped": json.dumps({"who": company}).encode(),
        "digest": digest[:14],
        "digest in base64 in hex": digest.hex().encode(),
        "decimal": f"[1,{incomes[3]!r}]".encode(),
        "doubles": incomes[20:24].tobytes(),
        "floats": incomes[20:24].astype("<f4").tobytes(),
        "fixed point": np.rint(incomes[40:44] * 2**18).astype("<i8").tobytes(),
        "labels": np.asarray(bank[LABEL])[30:90].astype("<u1").tobytes(),
        "ring": np.asarray(bank[LABEL])[30:90].astype("<i8").tobytes(),
    }
    needles = needles_of([bank])
    noise = np.random.default_rng(3).bytes(50_000)
    assert search(needles, [noise, json.dumps({"n": noise.hex()}).encode()]) == set()
    for what, value in planted.items():
        wrapped = json.dumps({"a": {"b": msgspec.json.encode(value).decode()}}).encode()
        squeezed = gzip.compress(wrapped)
        for stream in (noise[:999] + value + noise, wrapped, squeezed, value.hex().encode()):
            assert search(needles, [stream]), what


def test_proxy_records_both_directions_and_http_is_unframed() -> None:
    bank, _ = make_tables()
    needles = needles_of([bank])
    secret = json.dumps({"id": bank[KEY][5].as_py()}).encode()
    body = gzip.compress(secret)
    half = len(body) // 2
    answer = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n"
    for part in (body[:half], body[half:]):
        answer += f"{len(part):x}\r\n".encode() + part + b"\r\n"
    answer += b"0\r\n\r\n"
    with Recorder() as recorder, socket.create_server(("127.0.0.1", 0)) as server:
        port = recorder.forward("peer", "127.0.0.1", server.getsockname()[1])
        with socket.create_connection(("127.0.0.1", port)) as caller:
            caller.sendall(b"GET / HTTP/1.1\r\n\r\n")
            accepted, _ = server.accept()
            with accepted:
                assert accepted.recv(100).startswith(b"GET /")
                accepted.sendall(answer)
            while caller.recv(4096):
                pass
        (recording,) = recorder.of("peer")
    assert bytes(recording.sent) == b"GET / HTTP/1.1\r\n\r\n"
    assert bytes(recording.returned) == answer
    assert search(needles, http_messages(answer))
    assert json.loads(list(http_messages(answer))[1]) == json.loads(secret)


# -- computing links -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TappedRehearsal]:
    with listening(tmp_path_factory.mktemp("tapped")) as rehearsal:
        yield rehearsal


async def test_alignment_sends_no_key_and_no_hash_of_one(rehearsal: TappedRehearsal) -> None:
    bank, merchant = make_tables()
    done = await align(rehearsal, bank, merchant)
    assert done["bank"].outputs["table"].rows == COMMON
    links = Links(rehearsal.recorder, "align")
    assert set(links.by_label) == {"data bank>merchant", "data merchant>bank"}
    nonce = rehearsal.nonces["align"]
    prefixes = [nonce.encode(), bytes.fromhex(nonce)]
    assert links.findings(needles_of([bank, merchant], prefixes=prefixes)) == {}
    control = Needles()
    control.add("declared: number of keys", f'"keys":{BANK_ROWS}'.encode())
    assert list(links.findings(control)) == ["data bank>merchant"]


async def test_equal_keys_at_both_owners_are_not_seen_before_the_protocol(
    rehearsal: TappedRehearsal,
) -> None:
    """libpsi compares a hash of all keys first; equal hashes would tell the sender the result."""
    bank, _ = make_tables()
    await align(rehearsal, bank, bank)
    links = Links(rehearsal.recorder, "align")
    there, back = ("data bank>merchant", "data merchant>bank")
    assert min(links.bytes_sent(there), links.bytes_sent(back)) > 20_000
    assert not (_random_words(links.by_label[there][0]) & _random_words(links.by_label[back][0]))


async def test_look_ups_send_no_key_and_no_row(rehearsal: TappedRehearsal) -> None:
    bank, merchant = make_tables()
    inputs = {
        "keys": {"bank": rehearsal.enter(bank.slice(0, 40))},
        "table": {"merchant": rehearsal.enter(merchant)},
    }
    roles: dict[str, list[Role]] = {"bank": ["owner", "receiver"], "merchant": ["owner"]}
    parameters = {"key": KEY, "table_key": KEY}
    done = successful(await rehearsal.run("retrieve", roles, inputs, parameters))
    held = {unicodedata.normalize("NFKC", key) for key in merchant[KEY].to_pylist()}
    asked = [unicodedata.normalize("NFKC", key) for key in bank[KEY].to_pylist()[:40]]
    assert done["bank"].outputs["table"].rows == sum(key in held for key in asked) > 0
    links = Links(rehearsal.recorder, "retrieve")
    nonce = rehearsal.nonces["retrieve"]
    prefixes = [nonce.encode(), bytes.fromhex(nonce)]
    assert links.findings(needles_of([bank, merchant], prefixes=prefixes)) == {}
    control = Needles()
    control.add("declared: number of keys", b'"keys":40')
    assert list(links.findings(control)) == ["data bank>merchant"]


async def test_ring_sends_no_key_and_no_hash_of_one(rehearsal: TappedRehearsal) -> None:
    bank, merchant = make_tables()
    inputs = {
        "table_1": {"bank": rehearsal.enter(bank)},
        "table_2": {"merchant": rehearsal.enter(merchant)},
        "table_3": {"helper": rehearsal.enter(bank.slice(0, 200))},
    }
    roles: dict[str, list[Role]] = {
        "bank": ["owner", "receiver"],
        "merchant": ["owner"],
        "helper": ["owner"],
    }
    done = successful(await rehearsal.run("intersection", roles, inputs, {"key_1": KEY}))
    assert 0 < done["bank"].outputs["table"].rows < COMMON
    links = Links(rehearsal.recorder, "intersection")
    nonce = rehearsal.nonces["intersection"]
    prefixes = [nonce.encode(), bytes.fromhex(nonce)]
    assert links.findings(needles_of([bank, merchant], prefixes=prefixes)) == {}
    control = Needles()
    control.add("declared: number of keys", f'"keys":{BANK_ROWS}'.encode())
    assert links.findings(control)


def _random_words(data: bytes) -> set[int]:
    """Eight bytes at any place that look like a part of a hash rather than of a frame."""
    windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(data, np.uint8), 8)
    distinct = (np.diff(np.sort(windows, axis=1), axis=1) > 0).sum(axis=1) == 7
    high = (windows >= 0x80).sum(axis=1)
    kept = np.ascontiguousarray(windows[distinct & (high >= 3) & (high <= 6)])
    return set(kept.view("<u8").reshape(-1).tolist())


@pytest.mark.parametrize(
    ("roles", "protocol", "directions"),
    [
        pytest.param(THREE, "aby3", 12, id="three parties"),
        pytest.param(TWO, "cheetah", 4, id="two parties"),
    ],
)
@pytest.mark.long
async def test_joint_steps_send_shares_and_what_is_declared(
    rehearsal: TappedRehearsal, roles: dict[str, list[Role]], protocol: str, directions: int
) -> None:
    parts, ranges, secret = await aligned_parts(rehearsal)

    await rehearsal_step(rehearsal, "summary", roles, {"table": parts}, {})
    links = Links(rehearsal.recorder, "summary")
    assert len(links.by_label) == directions
    assert links.findings(secret) == {}
    told = Needles()
    add_numbers(told, "range", np.array(ranges[:2]))
    assert list(links.findings(told)) == ["data merchant>bank"]

    trained = await rehearsal_step(
        rehearsal, "logistic_regression", roles, {"table": parts}, TRAINING
    )
    assert rehearsal.protocols["logistic_regression"] == protocol
    _add_prepared(secret, rehearsal, parts)
    links = Links(rehearsal.recorder, "logistic_regression")
    assert len(links.by_label) == directions
    assert min(links.bytes_sent(label) for label in links.by_label if "compute" in label) > 10_000
    assert links.findings(secret) == {}

    both = {"model": outputs_of(trained, "model"), "table": parts}
    measured = await rehearsal_step(rehearsal, "evaluate", roles, both, {"label": LABEL})
    report = json.loads(rehearsal.data(measured["bank"].outputs["report"]))
    links = Links(rehearsal.recorder, "evaluate")
    assert links.findings(_with_metrics(report)) == {}
    assert links.findings(secret) == {}
    scored = await rehearsal_step(rehearsal, "predict", roles, both, {})
    scores = rehearsal.table(scored["bank"].outputs["scores"]).to_arrow()
    add_numbers(secret, "score", np.asarray(scores["score"]))
    assert Links(rehearsal.recorder, "predict").findings(secret) == {}


async def test_owner_that_does_not_compute_sends_shares_only(rehearsal: TappedRehearsal) -> None:
    parts, _, secret = await aligned_parts(rehearsal)
    await rehearsal_step(rehearsal, "logistic_regression", APART, {"table": parts}, TRAINING)
    _add_prepared(secret, rehearsal, parts)
    links = Links(rehearsal.recorder, "logistic_regression")
    assert len(links.by_label) == 18
    assert links.findings(secret) == {}


@pytest.mark.long
async def test_boosted_trees_send_shares_and_secure_boost_what_it_declares(
    rehearsal: TappedRehearsal,
) -> None:
    """Answers to candidate splits are told by nobody, or only by the owner of a chosen split."""
    parts, _, secret = await aligned_parts(rehearsal)
    answers = _answers_of(rehearsal, parts)
    parameters = {"label": LABEL, "n_estimators": 1, "max_depth": 2, "max_bin": 4}
    await rehearsal_step(rehearsal, "boosted_trees", THREE, {"table": parts}, parameters)
    links = Links(rehearsal.recorder, "boosted_trees")
    assert len(links.by_label) == 12
    assert links.findings(secret) == {}
    assert links.findings(answers) == {}
    await rehearsal_step(rehearsal, "secure_boost", THREE, {"table": parts}, parameters)
    links = Links(rehearsal.recorder, "secure_boost")
    assert links.findings(secret) == {}
    assert set(links.findings(answers)) <= {"data bank>merchant", "data merchant>bank"}


def _answers_of(rehearsal: TappedRehearsal, parts: dict[str, ObjectRef]) -> Needles:
    """What rows answer to every candidate split."""
    needles = Needles()
    for reference in parts.values():
        table = table_of(rehearsal, reference)
        columns = [c for c in table.columns if c.name not in {KEY, LABEL}]
        bits = buckets.indicators(buckets.learn(table, columns, 4, 10), table)
        for number, held in enumerate(bits.T):
            if 40 < held.sum() < len(held) - 40:
                add_flags(needles, f"answer {number}", held)
    return needles


def _add_prepared(
    needles: Needles, rehearsal: TappedRehearsal, parts: dict[str, ObjectRef]
) -> None:
    """Columns as the model sees them, in training order: scaled, in fixed point, as labels."""
    order = make_schedule(COMMON, TRAINING["batch_size"], 2, 0.1).order(  # type: ignore[arg-type]
        (1).to_bytes(8, "big")
    )
    for reference in parts.values():
        table = table_of(rehearsal, reference)
        columns = [c for c in table.columns if c.name not in {KEY, LABEL}]
        recipe = preparation.learn(table, columns, 8)
        prepared = preparation.apply(recipe, table)[order]
        for number, feature in enumerate(recipe.features):
            if feature.what == "value":
                name = f"prepared {feature.column}"
                add_numbers(needles, name, prepared[:, number].astype(np.float64))
        add_numbers(needles, "prepared rows", prepared.reshape(-1).astype(np.float64))
        if any(column.name == LABEL for column in table.columns):
            labels = np.asarray(table.to_arrow()[LABEL])[order]
            add_flags(needles, "labels in training order", labels)


def _with_metrics(report: dict[str, Any]) -> Needles:
    needles = Needles()
    for name, value in report.items():
        if isinstance(value, float) and 0 < value < 1:
            needles.add(f"metric {name}", repr(value)[:9].encode())
            needles.add(f"metric {name}", np.float64(value).tobytes())
    assert len(needles) >= 4
    return needles


# -- nodes and ledger ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wire(town: Any) -> Wire | None:
    """Listens to the computing links of all nodes, where that is permitted."""
    try:
        return Wire(town.link_ports)
    except NoRawSockets:
        return None


@pytest.fixture(scope="module")
def flow(town: Any, wire: Wire | None, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A flow on tables of rare values, from import to scores; the id of it."""
    bank_file, merchant_file = write_files(tmp_path_factory.mktemp("secret"))
    files = DemoFiles(bank_file, merchant_file, KEY, LABEL)
    bank, merchant = publish(town.network, files)
    own = replace(town, files=files, bank=bank, merchant=merchant)
    analyst = town.network.nodes["bank"].client("analyst")
    with wire or nullcontext():
        deployed = analyst.flows.deploy(own.text(ALL_AT_HOME))
        view = analyst.flows.wait_completed(deployed.id, 300.0)
    town.network.nodes["auditor"].client("auditor").audit.trace(view.id)
    return view


@pytest.fixture(scope="module")
def keys(town: Any) -> dict[str, Secrets]:
    return {key: unlock(NodeHome(node.home), {}) for key, node in town.network.nodes.items()}


@pytest.fixture(scope="module")
def spoken(town: Any, flow: Any) -> list[bytes]:
    """Every HTTP message between nodes since the network began."""
    recordings: list[Recording] = list(town.recorder.recordings)
    assert {recording.label for recording in recordings} >= {"operator", "bank", "merchant"}
    streams: list[bytes] = []
    for recording in recordings:
        for stream in (bytes(recording.sent), bytes(recording.returned)):
            streams += list(http_messages(stream))
    return list(dict.fromkeys(streams))


@pytest.fixture(scope="module")
def opened(spoken: list[bytes], keys: dict[str, Secrets]) -> bytes:
    """What was inside the sealed messages."""
    identities = {held.identity.did: held.identity for held in keys.values()}
    found = [_open(identities, body) for body in spoken if _is_sealed(body)]
    assert len(found) > 20
    return peeled(found)


@pytest.fixture(scope="module")
def outside(spoken: list[bytes]) -> bytes:
    """What anybody on the network sees between nodes, in all its encodings."""
    return peeled(spoken)


def _open(identities: dict[str, Identity], body: bytes) -> bytes:
    suite = next(iter(identities.values())).suite

    def private_of(kid: str) -> bytes:
        return identities[kid.partition("#")[0]].agreement_private(kid)

    def public_of(kid: str) -> bytes:
        return identities[kid.partition("#")[0]].agreement_public

    return open_between(suite, body, private_of=private_of, public_of=public_of).plaintext


def _is_sealed(body: bytes) -> bool:
    try:
        return "ciphertext" in json.loads(body)
    except (ValueError, TypeError):
        return False


@pytest.fixture(scope="module")
def secret(town: Any, flow: Any, spoken: list[bytes], keys: dict[str, Secrets]) -> Needles:
    """Rows, ids, hashes of them under everything that may serve as salt, keys, passwords."""
    analyst = town.network.nodes["bank"].client("analyst")
    salts = [flow.id.encode(), flow.grants[0].encode(), town.network.nodes["bank"].did.encode()]
    tables = [*make_tables(), _result_table(analyst, flow.id, "align", "table")]
    needles = needles_of(tables, prefixes=salts)
    scores = _result_table(analyst, flow.id, "score", "scores")
    add_numbers(needles, "score", np.asarray(scores["score"]))
    for name, line in _report_numbers(analyst, flow.id):
        needles.add(name, line)
    for key, held in keys.items():
        identity = held.identity
        entries = [ORDERER_ENTRY] if ORDERER_ENTRY in held.keystore.names() else []
        for what, value in (
            ("vault key", held.vault_key),
            ("wallet key", held.wallet_key),
            ("journal key", held.journal_key),
            ("agreement key", identity.agreement_private()),
            *((name, held.keystore.get(name)) for name in entries),
        ):
            add_secret(needles, f"{what} of {key}", value)
        for user, password in town.network.nodes[key].passwords.items():
            needles.add(f"password of {user} of {key}", password.encode())
    return needles


def _result_table(client: Any, flow: str, step: str, output: str) -> pa.Table:
    import io

    import pyarrow.parquet

    raw = client.flows.result(flow, step, output, file_format="parquet")
    return pyarrow.parquet.read_table(io.BytesIO(raw))


def _report_numbers(client: Any, flow: str) -> Iterator[tuple[str, bytes]]:
    """Metrics and statistics as decimal text."""
    for step in ("report", "evaluate"):
        report = json.loads(client.flows.result(flow, step, "report"))
        for leaf in _numbers_in(report):
            if isinstance(leaf, float) and len(repr(leaf)) >= 9:
                yield f"number of {step}", repr(leaf)[:9].encode()


def _numbers_in(value: Any) -> Iterator[float | int]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in {"height", "time_ms", "at_height", "since_height", "expires_ms"}:
                yield from _numbers_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers_in(inner)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield value


@pytest.mark.long
def test_nodes_tell_each_other_no_row_no_id_no_hash_and_no_key(
    outside: bytes, opened: bytes, secret: Needles
) -> None:
    assert len(secret) > 50_000
    assert secret.find(outside) == set()
    assert secret.find(opened) == set()


@pytest.mark.long
def test_computing_links_of_the_nodes_carry_tls_and_nothing_else(
    town: Any, flow: Any, wire: Wire | None, secret: Needles
) -> None:
    """Both directions of every connection begin with a TLS handshake, and hide what they carry."""
    if wire is None:
        pytest.skip("raw sockets are for root: nobody listened to the links")
    streams = wire.streams
    starts = {stream[:2].hex() for stream in streams.values()}
    assert starts == {"1603"}, "record of a handshake, TLS 1.x"
    called = {port for _, port in streams if port in town.link_ports}
    share = len(town.link_ports) // len(town.network.nodes)
    owners = {list(town.network.nodes)[(port - town.link_ports[0]) // share] for port in called}
    assert owners >= {"bank", "merchant"}
    assert sum(map(len, streams.values())) > 1_000_000
    assert secret.find(b"\x00\xff\x00".join(streams.values())) == set()


@pytest.mark.long
def test_search_of_the_nodes_traffic_reaches_into_blocks_and_sealed_messages(
    flow: Any, outside: bytes, opened: bytes, secret: Needles
) -> None:
    control = Needles()
    add_text(control, "dataset title", "Customer profiles")
    add_text(control, "flow", flow.id)
    control.add("offer", b"hanse/session-offer/1")
    assert {"flow as utf-8 text", "dataset title as utf-8 text"} <= control.find(outside)
    assert "offer" not in control.find(outside)
    assert "offer" in control.find(opened)
    bank, _ = make_tables()
    planted = hashlib.sha1(bank[KEY][0].as_py().encode()).digest()
    message = json.dumps({"blocks": [msgspec.json.encode(planted).decode()]}).encode()
    assert "SHA-1 of column id, raw" in search(secret, [message])


@pytest.fixture(scope="module")
def blocks(town: Any, flow: Any) -> list[dict[str, Any]]:
    """Every block of the chain, decoded, as the auditor's node holds it."""
    ledger = town.network.nodes["auditor"].client("auditor").ledger
    height = ledger.status().height
    return [ledger.block(number).model_dump(mode="json") for number in range(height + 1)]


@pytest.mark.long
def test_ledger_holds_no_row_no_id_no_hash_no_count_and_no_metric(
    town: Any, flow: Any, blocks: list[dict[str, Any]], secret: Needles
) -> None:
    raw = [json.dumps(block, ensure_ascii=False).encode() for block in blocks]
    assert search(secret, raw) == set()
    concerned = [t for block in blocks for t in block["transactions"]]
    assert any(flow.id in json.dumps(t) for t in concerned)
    analyst = town.network.nodes["bank"].client("analyst")
    rows = {item.rows for item in analyst.flows.results(flow.id).items if item.rows}
    counts = {BANK_ROWS, MERCHANT_ROWS, COMMON} | rows
    assert len(counts) >= 5
    said = [
        (number, t["contract"], t["action"])
        for t in concerned
        for number in _numbers_in([t["payload"], t["events"], t["result"]])
        if number in counts
    ]
    assert said == []


@pytest.mark.long
def test_opened_evidence_holds_digests_and_metrics_but_no_rows(town: Any, flow: Any) -> None:
    """Auditors open digests, counts and model metrics; statistics of data are the receiver's."""
    bank, merchant = make_tables()
    secret = needles_of([bank, merchant])
    node = town.network.nodes["auditor"].client("auditor")
    items = node.evidence.list(flow=flow.id, limit=200).items
    texts: list[bytes] = []
    for item in items:
        try:
            texts.append(node.evidence.open(item.id).model_dump_json().encode())
        except HanseError as error:
            assert error.status in (403, 404), error.code
    assert texts
    inside = peeled(texts)
    assert secret.find(inside) == set()
    assert b'"auc"' in inside
    assert b'"minimum"' not in inside
