"""Errors of the crypto room. Messages never hold key material, plaintext or digests of it."""

from __future__ import annotations

from hanse.core.errors import (
    AuthenticationError,
    ConflictError,
    InputError,
    InternalError,
    NotFoundError,
    VerificationError,
)


class UnknownSuite(InputError):
    """No suite has that name."""

    code = "crypto.unknown_suite"
    help = 'Suites are "sm" and "intl".'


class BadKey(InputError):
    """A key has the wrong length or is no valid point or scalar."""

    code = "crypto.bad_key"
    help = "Check that the key belongs to the suite of this network."


class BadSignature(VerificationError):
    """A signature does not hold for this key, domain and message."""

    code = "crypto.bad_signature"
    help = "The content or its signature was altered, or another key signed it."


class CannotOpen(VerificationError):
    """Sealed bytes do not open: wrong key, or the bytes or their context were altered."""

    code = "crypto.cannot_open"
    help = "Check key and context; if they are right, the sealed bytes were altered."


class BadInputSize(InputError):
    """An input to a primitive is outside the sizes its standard allows."""

    code = "crypto.bad_input_size"
    help = "Keep to the sizes in the function's documentation."


class BadOpening(VerificationError):
    """An opening does not belong to a commitment."""

    code = "crypto.bad_opening"
    help = "Ask the committing party for the opening of exactly this commitment."


class BadMerklePath(VerificationError):
    """A Merkle path does not lead from the leaf to the root."""

    code = "crypto.bad_merkle_path"
    help = "The leaf, its index, the tree size or the path was altered."


class BadMerkleIndex(InputError):
    """An index lies outside the tree."""

    code = "crypto.bad_merkle_index"
    help = "Use 0 <= index < number of leaves."


class NotARecipient(NotFoundError):
    """The envelope was not sealed to this key."""

    code = "crypto.not_a_recipient"
    help = "Ask a recipient of the envelope to seal it to you."


class BadEnvelope(InputError):
    """The envelope is not well formed or names algorithms of another suite."""

    code = "crypto.bad_envelope"
    help = "Envelopes are JWE in general JSON form, as seal_for makes them."


class BadJws(InputError):
    """A compact JWS is malformed, or of another algorithm or type than expected."""

    code = "crypto.bad_jws"
    help = "Send the token exactly as it was issued."


class BadCertificate(VerificationError):
    """A TLS certificate is not what a task may use."""

    code = "crypto.bad_certificate"
    help = "Make a fresh certificate for the task and announce it again."


class WrongPassphrase(AuthenticationError):
    """The keystore does not open: wrong passphrase, or the file was altered."""

    code = "crypto.wrong_passphrase"
    help = "Try the passphrase again; if it is right, restore the keystore from a backup."


class WeakPassphrase(InputError):
    """A passphrase is too short."""

    code = "crypto.weak_passphrase"
    help = "Choose at least 8 characters, better several unrelated words."


class KeystoreExists(ConflictError):
    """A keystore stands at that path already."""

    code = "crypto.keystore_exists"
    help = "Open it, or choose another path; a keystore is never overwritten."


class KeystoreDamaged(VerificationError):
    """The keystore file cannot be read as one."""

    code = "crypto.keystore_damaged"
    help = "Restore the keystore from a backup."


class KeystoreMissing(NotFoundError):
    """No keystore stands at that path."""

    code = "crypto.keystore_missing"
    help = "Create the keystore first, or check the path."


class NoSuchKey(NotFoundError):
    """The keystore holds nothing by that name."""

    code = "crypto.no_such_key"
    help = "List the names the keystore holds."


class RandomnessFailed(InternalError):
    """The operating system's random numbers failed the statistical self test."""

    code = "crypto.randomness_failed"
    help = "Do not run on this machine until its random source has been examined."


class BadPoint(VerificationError):
    """Another party sent something that is no point of the curve, or one of small order."""

    code = "crypto.bad_point"
    help = "The other party runs other code or tampers; look at its node."
