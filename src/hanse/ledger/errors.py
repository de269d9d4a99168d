"""Errors of the ledger. Codes of refused transactions also stand in receipts."""

from __future__ import annotations

from hanse.core.errors import (
    AuthenticationError,
    ConflictError,
    InputError,
    InternalError,
    NotFoundError,
    RateLimitError,
    UnavailableError,
    VerificationError,
)


class BadTransaction(InputError):
    """The bytes are no canonical transaction."""

    code = "ledger.bad_transaction"
    help = "Build transactions with build_transaction and send its bytes unchanged."


class TransactionTooLarge(InputError):
    """The transaction exceeds the network's limit."""

    code = "ledger.transaction_too_large"
    status = 413
    help = "Send less in one transaction; large content stays off the ledger."


class WrongChain(InputError):
    """The transaction was made for another network."""

    code = "ledger.wrong_chain"
    help = "Use the chain id of this network: the hash of its genesis."


class TransactionExpired(ConflictError):
    """The transaction's expiry lies before the time of the block."""

    code = "ledger.transaction_expired"
    help = "Build and sign the transaction again."


class ExpiryTooFar(InputError):
    """The transaction would stay valid longer than the network remembers nonces."""

    code = "ledger.expiry_too_far"
    help = "Choose an earlier expiry; genesis parameter max_ttl_ms is the limit."


class Replayed(ConflictError):
    """A transaction of this sender with this nonce was executed already."""

    code = "ledger.replayed"
    help = "It took effect once; look at its receipt, or sign anew with a fresh nonce."


class UnknownContract(InputError):
    """No contract of that name is active."""

    code = "ledger.unknown_contract"
    help = "Check the contract's name and whether it is active at this height."


class UnknownAction(InputError):
    """The active version of the contract has no such action."""

    code = "ledger.unknown_action"
    help = "Check the action's name against the contract's active version."


class KeyNotValid(AuthenticationError):
    """The sender has no such key, or it was not valid at this height."""

    code = "ledger.key_not_valid"
    help = "Register the sender, or sign with a key that is active now."


class BadTransactionSignature(VerificationError):
    """The signature does not hold for the sender's key."""

    code = "ledger.bad_signature"
    help = "The transaction was altered, or signed with another key."


class PoolFull(RateLimitError):
    """Too many transactions wait to be ordered."""

    code = "ledger.pool_full"
    help = "Wait for receipts before sending more."


class BadBundle(InputError):
    """What an engine passed on as a bundle of transactions is none."""

    code = "ledger.bad_bundle"
    help = "It was refused. Nodes make well-formed bundles: look who sends others to your engine."


class NothingNew(ConflictError):
    """All transactions of the bundle, or nearly all, were executed, expired or wait already."""

    code = "ledger.nothing_new"
    help = "Nothing to do: each of them has its own receipt."


class StorageFull(UnavailableError):
    """The disk has no room for the next block; nothing was damaged."""

    code = "ledger.storage_full"
    help = "Free disk space on the node; it continues by itself."


class StorageFailed(UnavailableError):
    """The disk refused to read or write; nothing was half-written."""

    code = "ledger.storage_failed"
    help = "Look at the disk of the node; it tries again by itself."


class LedgerInUse(ConflictError):
    """Another process has this ledger open."""

    code = "ledger.in_use"
    help = "Stop the other process first; one process writes a ledger."


class LedgerClosed(UnavailableError):
    """The ledger was closed."""

    code = "ledger.closed"
    help = "Start the node again."


class WrongGenesis(InputError):
    """The stored ledger was begun with another genesis."""

    code = "ledger.wrong_genesis"
    help = "Use the genesis file this ledger was created with, or another directory."


class BadGenesis(InputError):
    """The genesis file is not one, or names what this software does not have."""

    code = "ledger.bad_genesis"
    help = "Get the genesis file again from the operator and check the software's version."


class WrongOrderer(InputError):
    """The signing key given is not the orderer's of the genesis."""

    code = "ledger.wrong_orderer"
    help = "Only the node named in the genesis orders blocks; run this one as a follower."


class ReceiptTimeout(UnavailableError):
    """The transaction was not committed here within the time given."""

    code = "ledger.receipt_timeout"
    help = "Ask for the receipt again; the transaction may still be executed until it expires."


class NoSuchTransaction(NotFoundError):
    """No transaction of that id is committed here."""

    code = "ledger.no_such_transaction"
    help = "Check the id; it may not be committed yet, or its block may be pruned here."


class BlockPruned(NotFoundError):
    """The block existed and is not kept here any more; an archive may have it.

    Attributes:
        base: lowest height whose block is here, 0 when the error came over a wire.
    """

    code = "ledger.block_pruned"
    status = 410
    help = "Ask a node that keeps all blocks, or restore an archive that has the block."

    def __init__(self, message: str = "", *, base: int = 0, debug: str = "") -> None:
        kept = f"this node keeps blocks from height {base} on; an archive has those below"
        super().__init__(message or (kept if base else ""), debug=debug)
        self.base = base


class PruneTooHigh(ConflictError):
    """Blocks that are still needed cannot be deleted."""

    code = "ledger.prune_too_high"
    help = "Choose a lower height; the last block, and what this node has not read yet, stay."


class NothingToProve(ConflictError):
    """No signed block exists yet."""

    code = "ledger.nothing_to_prove"
    help = "Proofs need one signed block; send a transaction first."


class BlockRefused(VerificationError):
    """A received block does not hold; it was not applied."""

    code = "ledger.block_refused"
    help = "The source altered it or the orderer misbehaves; compare with another node."


class BadBlockSignature(BlockRefused):
    """The block is not signed by the orderer of the genesis, or not certified by the validators."""

    code = "ledger.bad_block_signature"


class BadCertificate(VerificationError):
    """A certificate does not show that the validators stand behind a block."""

    code = "ledger.bad_certificate"
    help = "It was altered, or belongs to another block or set of validators; ask another node."


class BadEngineCommit(VerificationError):
    """The engine's votes do not show that its validators decided a block."""

    code = "ledger.bad_engine_commit"
    help = "It was altered, or belongs to another block or set of validators; ask another node."


class BadProposal(VerificationError):
    """A validator proposed a block that holds what must not stand in one."""

    code = "ledger.bad_proposal"
    help = "It was not voted for. Look at the reports against that validator."


class OutOfStep(InternalError):
    """The ordering engine and the application do not stand at the same height."""

    code = "ledger.out_of_step"
    help = "The node restarts its engine, which replays what is missing; see the node's log."


class NotCertifiedYet(UnavailableError):
    """The validators' certificate of this block is not complete here yet."""

    code = "ledger.not_certified_yet"
    help = "Ask again in a moment: it is complete when the next block is decided."


class BlockFromFuture(BlockRefused):
    """The block's time is ahead of this node's clock by more than the allowed skew."""

    code = "ledger.block_from_future"
    help = "Synchronise the clocks of orderer and follower (NTP)."


class Diverged(BlockRefused):
    """A validly signed block commits to other results than executing it gives here."""

    code = "ledger.diverged"
    help = "Stop relying on this orderer until versions and state hashes were compared."


class StoreAltered(VerificationError):
    """What is stored here does not agree with what was committed."""

    code = "ledger.store_altered"
    help = "Do not use this copy; remove it and follow again from genesis or a backup."


class BadProof(VerificationError):
    """The proof does not lead from the genesis to the fact."""

    code = "ledger.bad_proof"
    help = "The proof was altered or belongs to another network."


class BadCheckpoint(InputError):
    """The trusted header given is none of this network."""

    code = "ledger.bad_checkpoint"
    help = "Make one with `hanse ledger checkpoint` on a node you trust; one orderer needs none."


class HandoverMissing(ConflictError):
    """This node does not keep a certificate by which validators handed over to others.

    It began with a snapshot after that, or removed old blocks.
    """

    code = "ledger.handover_missing"
    help = "Ask a node that keeps all blocks, or for a proof since a later trusted header."


class NoValidators(ConflictError):
    """Nobody certifies blocks in this network: one node orders and signs them."""

    code = "ledger.no_validators"
    help = "The genesis file alone is enough to verify proofs of this network."


class ContractFailed(InternalError):
    """A contract raised something it did not declare; its writes were dropped."""

    code = "ledger.contract_failed"
    help = "Report this; the transaction had no effect."


class SourceFailed(UnavailableError):
    """The node this one follows does not answer as it should."""

    code = "ledger.source_failed"
    help = "Check that the node followed is up and reachable; it is tried again."


class Halted(InternalError):
    """This machine could not execute the next block; it is tried again, nothing was written."""

    code = "ledger.halted"
    help = "Look at the node's log and memory; other nodes are not affected."


class SoftwareTooOld(InternalError):
    """The chain activated a contract version this software does not have; the node halts."""

    code = "ledger.software_too_old"
    help = "Upgrade the node; it continues where it stopped."
