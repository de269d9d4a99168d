"""The real engine: blocks, vote extensions, crashes, four of them in agreement."""

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from engine_chain import EngineNode, KeyValue, engine_binary, engine_nodes

from hanse.ledger.bft.abci.server import AbciServer
from hanse.ledger.bft.engine import launch, process
from hanse.ledger.bft.engine.errors import (
    ApplicationAhead,
    ApplicationDiverged,
    EngineDiskFull,
    EngineFailed,
    EnginePortTaken,
    EngineRefused,
    EngineUnreachable,
)
from hanse.ledger.bft.engine.home import EngineHome
from hanse.ledger.bft.engine.keys import EngineKeys, node_id, public_key, validator_key_file
from hanse.ledger.bft.engine.orphan import is_engine_of
from hanse.ledger.errors import TransactionTooLarge


@asynccontextmanager
async def running(nodes: list[EngineNode]) -> AsyncIterator[list[EngineNode]]:
    started = []
    try:
        for node in nodes:
            await node.start()
            started.append(node)
        yield nodes
    finally:
        await asyncio.gather(*(node.stop() for node in started))


def test_keys_are_those_the_engine_makes(tmp_path: Path) -> None:
    binary, home = engine_binary(), tmp_path / "home"
    subprocess.run([binary, "init", "--home", home], check=True, capture_output=True)
    made = json.loads((home / "config" / "priv_validator_key.json").read_text())
    seed = base64.b64decode(made["priv_key"]["value"])[:32]
    assert json.loads(validator_key_file(seed)) == made
    node = json.loads((home / "config" / "node_key.json").read_text())
    node_seed = base64.b64decode(node["priv_key"]["value"])[:32]
    shown = subprocess.run(
        [binary, "show-node-id", "--home", home], check=True, capture_output=True, text=True
    )
    assert node_id(public_key(node_seed)) == shown.stdout.strip()
    ours = EngineHome(tmp_path / "ours")
    (ours.path / "config").mkdir(parents=True)
    ours.write_keys(EngineKeys(seed, node_seed))
    shown = subprocess.run(
        [binary, "show-node-id", "--home", ours.path], check=True, capture_output=True, text=True
    )
    assert node_id(public_key(node_seed)) == shown.stdout.strip()


async def test_one_node_makes_blocks_and_stops_without_a_trace(tmp_path: Path) -> None:
    # A directory whose sockets' paths are longer than the kernel takes.
    async with running(engine_nodes(tmp_path / ("d" * 150), 1)) as (node,):
        application = node.application
        await node.submissions.submit(b"a=1")
        await node.submissions.submit(b"a=1")  # known already: no error
        await application.wait_for(b"a")
        await asyncio.gather(*(node.submissions.submit(b"%d=x" % n) for n in range(1500)))
        await application.wait_for(b"1499")
        assert max(application.checked) > 10
        with pytest.raises(TransactionTooLarge):
            await node.submissions.submit(b"big=" + bytes(300_000))
        assert application.extensions[1] == {b"1 by n0"}
        status = await node.rpc.status()
        assert status.node_info.id == node.keys.node_id
        assert status.validator_info.voting_power == 10
        height = status.sync_info.latest_block_height
        (validator,) = await node.rpc.validators(1)
        assert validator.voting_power == 10
        commit = (await node.rpc.commit(1)).signed_header
        block = await node.rpc.block(1)
        assert commit.commit.block_id == block.block_id
        assert block.block.header.chain_id == "hanse-test"
        assert block.block.header.time == "2023-11-14T22:13:20.123Z"
        assert (await node.rpc.net_info()).n_peers == 0
        assert (await node.rpc.consensus_state()).height_vote_set
        assert (await node.rpc.num_unconfirmed_txs()).total >= 0
        with pytest.raises(EngineRefused):
            await node.rpc.block(height + 1_000_000)
        with pytest.raises(EngineRefused):
            await node.rpc.call("unsafe_flush_mempool", type(status))
        # Private keys are in no file while it runs.
        assert not node.home.validator_key.exists()
        assert not node.home.node_key.exists()
        pid = node.engine.pid
        assert pid is not None
    assert not is_engine_of(node.home, pid)
    left = {path.name for path in node.home.path.iterdir()}
    assert left == {"config", "data", "engine.log"}
    assert {path.name for path in (node.home.path / "config").iterdir()} >= {"config.toml"}
    assert not node.home.validator_key.exists()
    with pytest.raises(EngineUnreachable):
        await node.submissions.submit(b"late=1")


async def test_idle_network_stops(tmp_path: Path) -> None:
    async with running(engine_nodes(tmp_path, 1)) as (node,):
        await node.submissions.submit(b"a=1")
        # One more block shows the hash. It may be there before `submit` has its answer.
        height = await node.application.wait_for(b"a") + 1
        await node.application.wait_for_height(height)
        await asyncio.sleep(1)
        assert node.application.height == height


async def test_killed_engine_comes_back_and_continues(tmp_path: Path) -> None:
    async with running(engine_nodes(tmp_path, 1)) as (node,):
        await node.submissions.submit(b"before=1")
        await node.application.wait_for(b"before")
        killed = node.engine.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        while node.engine.restarts == 0:
            await asyncio.sleep(0.02)
        await node.engine.ready.wait()
        await node.submissions.submit(b"after=1")
        await node.application.wait_for(b"after")
        assert node.engine.pid not in (None, killed)
        assert [type(each) for each in node.failures] == [EngineFailed]
        assert "SIGKILL" in node.failures[0].message
        assert node.engine.failure is None
        assert not node.home.validator_key.exists()


async def test_application_that_fails_ends_the_engine_and_both_come_back(tmp_path: Path) -> None:
    async with running(engine_nodes(tmp_path, 1)) as (node,):
        failing = True
        commit = node.application.commit

        async def once(request: object) -> object:
            nonlocal failing
            if failing:
                failing = False
                raise OSError("no space")
            return await commit(request)  # type: ignore[arg-type]

        node.application.commit = once  # type: ignore[method-assign,assignment]
        await node.submissions.submit(b"a=1")
        while node.engine.restarts == 0:
            await asyncio.sleep(0.02)
        await node.engine.ready.wait()
        # The engine keeps waiting transactions in memory only: what was lost is sent again.
        await node.submissions.submit(b"b=1")
        await node.application.wait_for(b"b")
        assert "no space" in node.failures[0].message


async def test_kill_of_the_node_takes_the_engine_with_it(tmp_path: Path) -> None:
    (node,) = engine_nodes(tmp_path, 1)
    node.home.write_keys(node.keys)
    # A process that stands for the node: it launches the engine and is killed.
    script = (
        "import os,subprocess,sys\n"
        f"p=subprocess.Popen([sys.executable,'-I',{launch.__file__!r},str(os.getpid()),"
        f"{str(engine_binary())!r},'start','--home','.'],cwd={str(node.home.path)!r},"
        "stdout=subprocess.DEVNULL)\n"
        "print(p.pid,flush=True)\np.wait()\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    while not is_engine_of(node.home, pid):
        await asyncio.sleep(0.02)
    # No application listens: the engine waits for one and would not notice by itself.
    parent.kill()
    await parent.wait()
    while is_engine_of(node.home, pid):
        await asyncio.sleep(0.02)


async def test_engine_left_behind_is_ended_by_the_next_start(tmp_path: Path) -> None:
    (node,) = engine_nodes(tmp_path, 1)
    node.home.write_keys(node.keys)
    orphan = await asyncio.create_subprocess_exec(
        engine_binary(),
        "start",
        "--home",
        ".",
        cwd=node.home.path,
        stdout=asyncio.subprocess.DEVNULL,
    )
    node.home.pid_file.write_text(str(orphan.pid))
    async with running([node]):
        assert await asyncio.wait_for(orphan.wait(), 30) != 0
        await node.submissions.submit(b"a=1")
        await node.application.wait_for(b"a")


async def test_process_number_of_another_program_is_left_alone(tmp_path: Path) -> None:
    (node,) = engine_nodes(tmp_path, 1)
    node.home.pid_file.write_text(str(os.getpid()))
    async with running([node]):
        assert node.engine.pid not in (None, os.getpid())


async def test_reasons_of_failures_are_named(tmp_path: Path) -> None:
    nodes = engine_nodes(tmp_path, 1)
    async with running(nodes) as (node,):
        await node.submissions.submit(b"a=1")
        await node.application.wait_for(b"a")
    application = node.application
    application.ahead = 5
    with pytest.raises(ApplicationAhead):
        await node.start()
    application.ahead = 0
    application.app_hash = bytes(32)
    with pytest.raises(ApplicationDiverged):
        await node.start()
    assert node.engine.pid is None
    assert not node.home.validator_key.exists()


async def test_recovery_between_failures_lets_the_engine_go_on(tmp_path: Path) -> None:
    async with running(engine_nodes(tmp_path, 1)) as (node,):
        await node.submissions.submit(b"a=1")
        await node.application.wait_for(b"a")
        # As if the engine had lost its last blocks.
        node.application.ahead = 5
        assert node.engine.pid is not None
        os.kill(node.engine.pid, signal.SIGKILL)
        while not any(isinstance(each, ApplicationAhead) for each in node.failures):
            await asyncio.sleep(0.02)
        node.application.ahead = 0
        await node.engine.ready.wait()
        await node.submissions.submit(b"b=1")
        await node.application.wait_for(b"b")


async def test_engine_that_gave_up_consensus_is_started_again(tmp_path: Path) -> None:
    async with running(engine_nodes(tmp_path, 1)) as (node,):
        before = node.engine.pid
        with node.home.log.open("a") as log:
            log.write('{"_msg":"CONSENSUS FAILURE!!!","err":"no space left on device",')
            log.write('"level":"error"}\n')
        while not any(isinstance(each, EngineDiskFull) for each in node.failures):
            await asyncio.sleep(0.02)
        await node.engine.ready.wait()
        assert node.engine.pid not in (None, before)
        await node.submissions.submit(b"b=1")
        await node.application.wait_for(b"b")


async def test_engine_is_not_run_without_room_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(engine_nodes(tmp_path, 1)) as (node,):
        with monkeypatch.context() as full:
            full.setattr(process, "ROOM_BYTES", 1 << 60)
            while len(node.failures) < 2:  # stopped, and not started again
                await asyncio.sleep(0.02)
            assert all(isinstance(each, EngineDiskFull) for each in node.failures)
            assert node.engine.pid is None
            assert isinstance(node.engine.failure, EngineDiskFull)
        await node.engine.ready.wait()
        assert node.engine.failure is None
        await node.submissions.submit(b"b=1")
        await node.application.wait_for(b"b")


async def test_taken_port_is_named(tmp_path: Path) -> None:
    (node,) = engine_nodes(tmp_path, 1)
    port = int(node.home.config.read_text().split('laddr = "tcp://127.0.0.1:')[1].split('"')[0])
    other = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
    async with other:
        with pytest.raises(EnginePortTaken):
            await node.start()


async def test_engine_waits_for_the_application(tmp_path: Path) -> None:
    (node,) = engine_nodes(tmp_path, 1)
    starting = asyncio.create_task(node.engine.start())
    while node.engine.pid is None:
        await asyncio.sleep(0.02)
    async with AbciServer(node.home.abci_socket, KeyValue("late")):
        await starting
        await node.engine.stop()


async def test_four_engines_agree(tmp_path: Path) -> None:
    async with running(engine_nodes(tmp_path, 4)) as nodes:
        await asyncio.gather(
            *(node.submissions.submit(b"%d=x" % n) for node in nodes for n in [id(node)])
        )
        for node in nodes:
            for other in nodes:
                await node.application.wait_for(b"%d" % id(other))
        # One is away: three of four go on, and it catches up.
        away = nodes[3]
        await away.engine.stop()
        await nodes[0].submissions.submit(b"three=1")
        for node in nodes[:3]:
            await node.application.wait_for(b"three")
        await away.engine.start()
        await away.application.wait_for(b"three")
        height = min(node.application.height for node in nodes)
        blocks = [(await node.rpc.block(height)).block_id.hash for node in nodes]
        assert len(set(blocks)) == 1
        assert (await nodes[0].rpc.net_info()).n_peers == 3
        # Everybody's extensions come through, if not in every block.
        number = 0
        while len(voters(nodes[0].application)) < 4:
            number += 1
            await nodes[1].submissions.submit(b"more%d=1" % number)
            await nodes[0].application.wait_for(b"more%d" % number)
        assert voters(nodes[0].application) == {b"n0", b"n1", b"n2", b"n3"}


def voters(application: KeyValue) -> set[bytes]:
    """Whose vote extensions the application has seen."""
    return {each.split()[-1] for seen in application.extensions.values() for each in seen}
