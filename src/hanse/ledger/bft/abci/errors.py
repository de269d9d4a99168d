"""Errors between the consensus engine and the application."""

from __future__ import annotations

from hanse.core.errors import ConflictError, InputError, InternalError


class EngineMessageTooLarge(InputError):
    """A frame announces more bytes than a message may have."""

    code = "ledger.engine_message_too_large"
    help = "Make the limits of engine and application agree; see the block size of the genesis."


class BadEngineMessage(InputError):
    """A frame holds no request of ABCI 2.0."""

    code = "ledger.bad_engine_message"
    help = "Check that the consensus engine is CometBFT 0.38; nothing else may use this socket."


class WrongAnswer(InternalError):
    """The application answered the engine with something that is no answer to its request."""

    code = "ledger.wrong_engine_answer"
    help = "Report this; the engine stops rather than go on with it."


class SocketOccupied(ConflictError):
    """Something that is no socket stands where the socket for the engine belongs."""

    code = "ledger.socket_occupied"
    help = "Move the file away; the node makes the socket itself."
