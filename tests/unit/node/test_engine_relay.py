"""The relay passes on the questions that are allowed, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from hanse.ledger.bft.engine.answers import Reply, RpcError
from hanse.ledger.bft.engine.errors import EngineUnreachable, QuestionNotAllowed
from hanse.ledger.bft.engine.questions import EngineQuestion, encode_answer, number_answer
from hanse.node.engine_relay import relay


class Engine:
    """Another member's engine: notes what it is asked."""

    def __init__(self, answer: bytes = b'{"result":{"height":"5"}}') -> None:
        self.answer = answer
        self.asked: list[EngineQuestion] = []

    async def ask(self, question: EngineQuestion) -> bytes:
        self.asked.append(question)
        if not self.answer:
            raise EngineUnreachable()
        return self.answer


async def post(address: str, body: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await client.post(f"http://{address}", content=content)


def call(method: str, number: int = 7, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


async def test_each_address_leads_to_its_engine() -> None:
    one, two = Engine(), Engine(b'{"error":{"code":-32603,"message":"m","data":"d"}}')
    async with relay((one.ask, two.ask)) as addresses:
        assert all(address.startswith("127.0.0.1:") for address in addresses)
        first = await post(addresses[0], call("commit", height="5"))
        second = await post(addresses[1], call("validators", 9, page="2", per_page="100"))
    assert first.json() == {"jsonrpc": "2.0", "id": 7, "result": {"height": "5"}}
    assert second.json()["error"]["data"] == "d" and second.json()["id"] == 9
    assert one.asked == [EngineQuestion(method="commit", height=5)]
    assert two.asked[0].params == {"page": "2", "per_page": "100"}


@pytest.mark.parametrize(
    "body",
    [
        call("broadcast_tx_sync", tx="AA=="),
        call("broadcast_evidence"),
        call("genesis"),
        call("commit", height="0"),
        call("commit", height="-1"),
        call("commit", hash="aa"),
        call("validators", per_page="1000"),
        [call("commit")],
        b"no json",
        b'{"id":1,"method":"\xff","params":{}}',
        b'{"id":1,"method":"commit","params":{"height":"1"}}' + b" " * 5_000,
    ],
    ids=str,
)
async def test_other_questions_are_refused(body: Any) -> None:
    engine = Engine()
    async with relay((engine.ask,)) as (address,):
        assert (await post(address, body)).status_code == 400
    assert engine.asked == []


async def test_other_paths_and_methods_lead_nowhere() -> None:
    engine = Engine()
    async with relay((engine.ask,)) as (address,):
        base = address.partition("/")[0]
        assert (await post(base, call("commit"))).status_code == 404
        assert (await post(f"{base}/{'0' * 32}", call("commit"))).status_code == 404
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"http://{address}")).status_code == 404
    assert engine.asked == []


@pytest.mark.parametrize("answer", [b"", b"[]", b"nonsense", b'{"\xff":1}'])
async def test_no_answer_is_an_error_to_the_engine(answer: bytes) -> None:
    engine = Engine(answer)
    async with relay((engine.ask,)) as (address,):
        found = await post(address, call("commit"))
    assert found.status_code == 200
    assert found.json()["error"]["data"] == "no answer"


def test_answers_keep_what_the_engine_said_and_nothing_else() -> None:
    refused = encode_answer(Reply(3, error=RpcError(-1, "m", "height 9 is not available")))
    assert json.loads(number_answer(4, refused))["error"]["data"] == "height 9 is not available"
    numbered = json.loads(number_answer(4, b'{"result":1,"id":9,"other":2}'))
    assert numbered == {"jsonrpc": "2.0", "id": 4, "result": 1}
    with pytest.raises(QuestionNotAllowed):
        number_answer(4, b"[]")
