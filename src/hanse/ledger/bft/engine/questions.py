"""The few questions about the chain that one node's engine may have answered by another's.

An engine that begins with a snapshot verifies headers by their votes before it believes the
snapshot. It asks for commits, sets of validators and the engine's parameters; nothing else is
passed on.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from hanse.ledger.bft.engine.answers import Reply
from hanse.ledger.bft.engine.errors import QuestionNotAllowed

MAX_QUESTION_BYTES = 4_096
MAX_ANSWER_BYTES = 1 << 20
Height = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
Number = Annotated[int, msgspec.Meta(ge=1, le=100)]
Method = Literal["commit", "validators", "consensus_params"]


class EngineQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """One question.

    Attributes:
        method: what is asked for.
        height: of the block; None for the newest.
        page: of a list, from 1.
        per_page: most entries of it.
    """

    method: Method
    height: Height | None = None
    page: Number | None = None
    per_page: Number | None = None

    @property
    def params(self) -> dict[str, str]:
        """As the engine takes them."""
        given = {"height": self.height, "page": self.page, "per_page": self.per_page}
        return {name: str(value) for name, value in given.items() if value is not None}


class _Params(msgspec.Struct, forbid_unknown_fields=True):
    height: Height | None = None
    page: Number | None = None
    per_page: Number | None = None


class _Call(msgspec.Struct):
    method: Method
    params: _Params
    id: int


def read_question(data: bytes) -> tuple[int, EngineQuestion]:
    """Number and content of a call by JSON-RPC.

    Raises:
        QuestionNotAllowed: it is none of those that are passed on.
    """
    if len(data) > MAX_QUESTION_BYTES:
        raise QuestionNotAllowed("the question is too long")
    try:
        call = msgspec.json.decode(data, type=_Call, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise QuestionNotAllowed(debug=str(error)) from None
    params = call.params
    return call.id, EngineQuestion(
        method=call.method, height=params.height, page=params.page, per_page=params.per_page
    )


def encode_answer(reply: Reply) -> bytes:
    """What the engine answered: ``{"result": …}`` or ``{"error": …}``."""
    if reply.error is not None:
        return msgspec.json.encode({"error": reply.error})
    return msgspec.json.encode({"result": reply.result})


def number_answer(number: int, answer: bytes) -> bytes:
    """The answer as one to the call of this number.

    Raises:
        QuestionNotAllowed: it is not an answer at all.
    """
    try:
        fields = msgspec.json.decode(answer, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise QuestionNotAllowed("the answer is malformed", debug=str(error)) from None
    kept = {name: value for name, value in fields.items() if name in ("result", "error")}
    return msgspec.json.encode({"jsonrpc": "2.0", "id": number, **kept})
