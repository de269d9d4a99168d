"""Errors of the consensus engine's process."""

from __future__ import annotations

from hanse.core.errors import ConflictError, InputError, UnavailableError


class EngineMissing(UnavailableError):
    """The consensus engine is not installed."""

    code = "ledger.engine_missing"
    retryable = False
    help = "Run `make cometbft`, or name the program in HANSE_COMETBFT."


class WrongEngineVersion(InputError):
    """The program found is not the release this software was made for."""

    code = "ledger.wrong_engine_version"
    help = "Run `make cometbft`, or name a CometBFT 0.38 program in HANSE_COMETBFT."


class BadEngineSettings(InputError):
    """The engine cannot be configured like that."""

    code = "ledger.bad_engine_settings"
    help = "Correct the settings of the consensus engine."


class NoQuorum(UnavailableError):
    """For long no block was decided although there is something to decide."""

    code = "ledger.no_quorum"
    help = (
        "More than two thirds of the validators' power must run and reach each other: "
        "`hanse ledger consensus` shows who is missing. It goes on by itself then."
    )


class WrongEngineHome(ConflictError):
    """The engine's directory belongs to another network."""

    code = "ledger.wrong_engine_home"
    help = "Use the directory this network's engine began in, or an empty one."


class SignStateMissing(ConflictError):
    """The engine has blocks but nothing tells which votes it signed already."""

    code = "ledger.sign_state_missing"
    help = "Restore data/priv_validator_state.json; voting without it can sign a height twice."


class EngineFailed(UnavailableError):
    """The engine ended by itself; it is started again."""

    code = "ledger.engine_failed"
    help = "Read engine.log in the engine's directory; the engine is started again by itself."


class ApplicationAhead(EngineFailed):
    """The engine lost blocks that the application executed, after a full disk for instance."""

    code = "ledger.application_ahead"
    help = "Bring the ledger back to the engine's height, or restore the engine's directory."


class ApplicationBehind(EngineFailed):
    """The engine dropped blocks that the application still needs."""

    code = "ledger.application_behind"
    help = "Restore the ledger from a snapshot or a backup that is newer than the blocks dropped."


class ApplicationDiverged(EngineFailed):
    """Application and engine have different hashes for one height."""

    code = "ledger.application_diverged"
    help = "Do not go on with this copy; compare it with other nodes, restore it from a snapshot."


class EnginePortTaken(EngineFailed):
    """Another program listens where the engine should."""

    code = "ledger.engine_port_taken"
    help = "Stop the other program, or give the engine another port in the settings."


class EngineDiskFull(EngineFailed):
    """The disk has no room for the engine's blocks and votes."""

    code = "ledger.engine_disk_full"
    help = "Free disk space on the node; the engine is started again by itself."


class EngineClockBehind(EngineFailed):
    """Blocks come from more than a minute ahead of this machine's clock."""

    code = "ledger.engine_clock_behind"
    help = "Set the machine's clock and keep NTP running; the engine is started again by itself."


class EngineUnreachable(UnavailableError):
    """The engine does not answer."""

    code = "ledger.engine_unreachable"
    help = "It may be starting; look at the ledger's health and at engine.log."


class EngineRefused(UnavailableError):
    """The engine answered a question with an error."""

    code = "ledger.engine_refused"
    help = "Check height and arguments; heights before pruning are not known any more."


class QuestionNotAllowed(InputError):
    """Not one of the questions that an engine answers for another."""

    code = "ledger.question_not_allowed"
    help = "Commits, validators and consensus parameters can be asked for."


class NoEngine(ConflictError):
    """This node runs no engine."""

    code = "ledger.no_engine"
    help = "Ask a node that takes part in ordering."
