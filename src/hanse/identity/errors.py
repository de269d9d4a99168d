"""Errors of the identity room."""

from __future__ import annotations

from hanse.core.errors import (
    AuthenticationError,
    ConflictError,
    InputError,
    NotFoundError,
    RateLimitError,
    UnavailableError,
    VerificationError,
)


class BadDid(InputError):
    """The text is no DID of this network's method."""

    code = "identity.bad_did"
    help = "DIDs look like did:hanse: and 32 characters a-z, 2-7."


class BadDocument(InputError):
    """A DID document breaks a rule."""

    code = "identity.bad_document"
    help = "Correct the document; the message names the rule."


class DidMismatch(VerificationError):
    """A DID does not follow from the key that claims it."""

    code = "identity.did_mismatch"
    help = "A DID is the digest of its first signing key; use that key's document."


class DidNotFound(NotFoundError):
    """No document stands under the DID."""

    code = "identity.did_not_found"
    help = "Check the DID; its holder may not be registered yet or may be deactivated."


class KeyNotFound(NotFoundError):
    """The document holds no such key for that purpose."""

    code = "identity.key_not_found"
    help = "Fetch the current document; the key may have been rotated."


class IdentityExists(ConflictError):
    """The keystore holds an identity already."""

    code = "identity.exists"
    help = "Load it instead of creating another."


class BadToken(InputError):
    """A compact JWS is not well formed or names an unexpected algorithm or type."""

    code = "identity.bad_token"
    help = "Send the token exactly as it was issued."


class BadCredential(VerificationError):
    """A credential is signed but breaks a rule of its format."""

    code = "identity.bad_credential"
    help = "Ask the issuer for a correct credential; the message names the rule."


class CredentialExpired(VerificationError):
    """The credential is not valid at this time."""

    code = "identity.credential_expired"
    help = "Ask the issuer to renew the credential, or wait until it becomes valid."


class CredentialRevoked(VerificationError):
    """The status list says the credential is revoked, for good."""

    code = "identity.credential_revoked"
    help = "Ask the issuer why; the status list on the ledger is what counts."


class CredentialSuspended(VerificationError):
    """The status list says the credential is suspended, for a while."""

    code = "identity.credential_suspended"
    help = "Ask the issuer why, or wait until the suspension is lifted."


class UntrustedIssuer(VerificationError):
    """The issuer is not accredited for this kind of credential."""

    code = "identity.untrusted_issuer"
    help = "Present a credential of the operator or of an accredited issuer."


class NotTheHolder(VerificationError):
    """The credential was issued to somebody else."""

    code = "identity.not_the_holder"
    help = "Present a credential whose subject is your own DID."


class BadStatusList(InputError):
    """A status list is not well formed, too short or too long."""

    code = "identity.bad_status_list"
    help = "Status lists hold at least 131,072 bits, compressed with gzip, in base64url."


class ChallengeFailed(AuthenticationError):
    """The answer does not prove control of the DID."""

    code = "identity.challenge_failed"
    help = "Ask for a new challenge and answer it once, in time, with the DID's own key."


class TooManyChallenges(RateLimitError):
    """Too many challenges are open."""

    code = "identity.too_many_challenges"
    help = "Answer or let expire the challenges that are open."


class BadMessage(VerificationError):
    """A sealed message is malformed, altered or not from whom it claims."""

    code = "identity.bad_message"
    help = "Ask the sender to send it again."


class MessageNotForUs(VerificationError):
    """A message names another recipient."""

    code = "identity.message_not_for_us"
    help = "Send the message to the endpoint of the recipient it names."


class MessageExpired(VerificationError):
    """A message is past its time, or from the future."""

    code = "identity.message_expired"
    help = "Send it again; if it happens often, set the clocks of both machines."


class MessageReplayed(VerificationError):
    """A message was received before."""

    code = "identity.message_replayed"
    help = "Every message is accepted once; send a new one."


class ReplayGuardFull(UnavailableError):
    """Too many messages are remembered to accept another."""

    code = "identity.replay_guard_full"
    help = "Try again later; if it persists, somebody floods this node."
