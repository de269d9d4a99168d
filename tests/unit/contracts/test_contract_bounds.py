"""Nothing in a message is unbounded."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hanse.contracts.catalogue.types import Provenance
from hanse.contracts.flows.messages import ReportFailure
from hanse.contracts.plain import MAX_DEPTH, ObjectTooLarge, duplicates, require_plain
from hanse.contracts.points.messages import TransferPoints
from hanse.contracts.system import CONTRACTS
from hanse.core import canonical
from hanse.ledger.contract.contract import Message

MESSAGES = [message for contract in CONTRACTS for message in contract.handlers]
# The rules of these documents are hanse.identity's; they bound every part.
CHECKED_ELSEWHERE = ("DidDocument", "VerificationMethod", "Service")
# Sealed and policy objects are bounded by require_plain.
PLAIN = ("policy", "envelope", "manifest")


def unbounded(schema: dict[str, Any], name: str, where: str) -> list[str]:
    """Paths of strings, arrays and integers without a limit in a JSON schema."""
    found = []
    for option in schema.get("anyOf", []):
        found += unbounded(option, name, where)
    kind = schema.get("type")
    limited = any(key in schema for key in ("maxLength", "pattern", "enum", "const", "format"))
    if kind == "string" and not limited:
        found.append(where)
    if kind == "integer" and "enum" not in schema and "maximum" not in schema:
        found.append(where)
    if kind == "array":
        found += [] if "maxItems" in schema else [where]
        found += unbounded(schema.get("items", {}), name, where + "[]")
    if kind == "object" and "properties" in schema:
        for key, value in schema["properties"].items():
            found += [] if key in PLAIN else unbounded(value, key, f"{where}.{key}")
    elif kind == "object":
        found += [] if "maxProperties" in schema else [where]
        found += unbounded(schema.get("additionalProperties", {}), name, where + "{}")
    return found


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
def test_every_part_of_a_message_is_bounded(message: type[Message]) -> None:
    _, components = msgspec.json.schema_components([message])
    found = []
    for name, schema in components.items():
        if name not in CHECKED_ELSEWHERE:
            found += unbounded(schema, name, name)
    assert found == []


def test_unknown_parts_of_a_message_are_refused() -> None:
    payload = canonical.encode(
        {"to": "did:hanse:" + "a" * 32, "amount_points": 1, "memo": "", "also": 1}
    )
    with pytest.raises(canonical.NotCanonical):
        canonical.decode(payload, TransferPoints)


@pytest.mark.parametrize("did", ["did:hanse:" + "a" * 31, "did:hanse:" + "a" * 32 + "\n", "x"])
def test_malformed_did_is_refused(did: str) -> None:
    with pytest.raises(canonical.NotCanonical):
        canonical.decode(canonical.encode(TransferPoints(did, 1)), TransferPoints)


def test_failure_report_is_short() -> None:
    long = ReportFailure("fl-" + "a" * 26, "s", 1, "compute", "compute.x", "m" * 501)
    with pytest.raises(canonical.NotCanonical):
        canonical.decode(canonical.encode(long), ReportFailure)
    assert Provenance().source == ""


def test_plain_object_is_bounded_in_depth_before_anything_recurses() -> None:
    deep: dict[str, Any] = {}
    for _ in range(50_000):
        deep = {"a": deep}
    with pytest.raises(ObjectTooLarge):
        require_plain(deep, "it", 10**9)
    while deep:  # take it apart, or its release exhausts the stack
        deep = deep["a"]
    shallow: dict[str, Any] = {}
    for _ in range(MAX_DEPTH - 1):
        shallow = {"a": shallow}
    require_plain(shallow, "it", 1_000)
    with pytest.raises(ObjectTooLarge):
        require_plain(shallow, "it", 10)


def test_duplicates_are_named_in_order() -> None:
    assert duplicates(["b", "a", "b", "a", "c"]) == ["b", "a"]
