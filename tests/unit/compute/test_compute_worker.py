"""Manifest, request and scratch of a worker."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hanse.compute.errors import BadParameter, CodeDiffers, NotAParty, UnknownOperator
from hanse.compute.rehearsal import Rehearsal
from hanse.compute.worker import (
    Failure,
    FirstByte,
    OutputRef,
    Progress,
    Result,
    SessionManifest,
    WorkerProcess,
    check_manifest,
    manifest_hash,
    scratch,
)
from hanse.compute.worker.request import decode_event, encode_event
from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.crypto.suite import get_suite


def manifest(folder: Path, **changes: Any) -> SessionManifest:
    rehearsal = Rehearsal(folder)
    requests = rehearsal.requests("split", {"bank": ["owner"]}, {}, {})
    return msgspec.structs.replace(requests["bank"].manifest, **changes)


@pytest.mark.parametrize("suite", ["sm", "intl"])
def test_manifest_hash_depends_on_every_field(tmp_path: Path, suite: Any) -> None:
    first = manifest(tmp_path)
    assert canonical.decode(canonical.encode(first), SessionManifest) == first
    digest = manifest_hash(get_suite(suite), first)
    for field in ("genesis", "flow", "step", "code", "protocol", "nonce"):
        other = msgspec.structs.replace(first, **{field: "other"})
        assert manifest_hash(get_suite(suite), other) != digest
    assert manifest_hash(get_suite(suite), msgspec.structs.replace(first, attempt=2)) != digest
    assert len(bytes.fromhex(digest)) == 32


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"operator": "sort"}, UnknownOperator),
        ({"operator_version": 9}, UnknownOperator),
        ({"code": "ff"}, CodeDiffers),
        ({"parameters": {"seed": -1}}, BadParameter),
    ],
)
def test_manifest_that_does_not_hold_is_refused(
    tmp_path: Path, changes: dict[str, Any], error: type[HanseError]
) -> None:
    with pytest.raises(error):
        check_manifest(manifest(tmp_path, **changes))


def test_unknown_party_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAParty):
        manifest(tmp_path).party("mallory")


@pytest.mark.parametrize(
    "event",
    [
        Progress("train", 1, 3),
        FirstByte(),
        Result({"t": OutputRef(path="p", key="00", kind="table", rows=1, digest="")}, {"x": 1}),
        Failure("compute.peer_lost", "gone", "train", "bank"),
    ],
)
def test_events_survive_the_pipe(event: Any) -> None:
    line = encode_event(event)
    assert line.endswith(b"\n")
    assert decode_event(line) == event


def test_wiping_removes_scratch_and_outputs_of_failed_tasks_only(tmp_path: Path) -> None:
    for succeeded in (True, False):
        work = tmp_path / str(succeeded)
        scratch.prepare(work)
        for part in (scratch.SCRATCH, scratch.OUT):
            (work / part / "deep").mkdir()
            (work / part / "deep" / "file").write_bytes(b"x" * 3_000_000)
        (work / scratch.LOG).write_text("kept")
        scratch.wipe_task(work, succeeded)
        assert not (work / scratch.SCRATCH).exists()
        assert (work / scratch.OUT).exists() == succeeded
        assert (work / scratch.LOG).exists()


def test_wiping_overwrites_before_it_removes(tmp_path: Path) -> None:
    work = tmp_path / "task"
    scratch.prepare(work)
    secret = work / scratch.SCRATCH / "keys.csv"
    secret.write_bytes(b"digest" * 1000)
    held = tmp_path / "second-name"
    held.hardlink_to(secret)
    scratch.wipe_task(work, succeeded=True)
    assert held.read_bytes() == bytes(6000)


async def test_worker_that_gets_no_request_says_so(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "hanse.compute.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=tmp_path,
    )
    out, _ = await process.communicate(b"{}")
    event = decode_event(out)
    assert isinstance(event, Failure)
    assert event.code == "compute.bad_input"
    assert process.returncode == 1


async def test_keys_are_neither_on_disk_nor_in_arguments_nor_in_the_log(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path)
    held = rehearsal.enter({"id": ["a", "b", "c"], "x": [1, 2, 3]})
    roles: Any = {"bank": ["owner"]}
    request = rehearsal.requests("split", roles, {"table": {"bank": held}})["bank"]
    worker = WorkerProcess()
    await worker.start(request)
    arguments = Path(f"/proc/{worker.pid}/cmdline").read_bytes()
    environment = Path(f"/proc/{worker.pid}/environ").read_bytes()
    result = await worker.wait()
    await worker.kill()
    secrets = [held.key, request.output_key, *(out.key for out in result.outputs.values())]
    assert request.private_key.encode() not in arguments + environment
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for secret in secrets:
                assert secret.encode() not in content
                assert bytes.fromhex(secret) not in content
            assert b"PRIVATE KEY" not in content
    for secret in secrets:
        assert secret.encode() not in arguments + environment
    assert len({out.key for out in result.outputs.values()}) == 2
