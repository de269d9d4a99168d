"""Challenge and response: proof of control of a DID, over any transport.

The verifier issues a fresh nonce for one DID; the holder signs it together with the verifier's
name; the verifier checks it once, in time, against the DID document. The signature covers the
audience, so an answer given to one verifier is worthless at another; the holder must state whom
it believes to be talking to, so that nobody in the middle can have it answer for somewhere else.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from typing import Any

import msgspec

from hanse.core import canonical, ids
from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite
from hanse.identity.clock import now_ms as clock_ms
from hanse.identity.did import Resolver, check_did
from hanse.identity.errors import ChallengeFailed, TooManyChallenges
from hanse.identity.holder import Identity

DOMAIN = "hanse/challenge/1"
DEFAULT_LIFE_MS = 60_000
NONCE_BYTES = 32


class Challenge(msgspec.Struct, frozen=True):
    """What is to be signed.

    Attributes:
        id: names the challenge at its verifier.
        did: who shall prove itself.
        audience: the verifier's DID.
        nonce: 32 random bytes, hex.
        expires_ms: until when an answer is accepted.
    """

    id: str
    did: str
    audience: str
    nonce: str
    expires_ms: int


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the holder sends back; ``signature`` is hex."""

    challenge: str
    did: str
    kid: str
    signature: str


class ChallengeBook:
    """The challenges a verifier has open. Thread-safe, in memory: a restart voids them."""

    def __init__(
        self, suite: Suite, audience: str, *, life_ms: int = DEFAULT_LIFE_MS, limit: int = 10_000
    ) -> None:
        """
        Args:
            suite: checks signatures.
            audience: the verifier's own DID.
            life_ms: how long a challenge may be answered.
            limit: challenges open at once, over all DIDs.
        """
        self._suite = suite
        self._audience = audience
        self._life_ms = life_ms
        self._limit = limit
        self._open: dict[str, Challenge] = {}
        self._lock = threading.Lock()

    def issue(self, did: str, *, now_ms: int | None = None) -> Challenge:
        """A fresh challenge for a DID.

        Raises:
            BadDid: malformed.
            TooManyChallenges: the limit is reached.
        """
        now = clock_ms() if now_ms is None else now_ms
        challenge = Challenge(
            id=ids.random_id("ch"),
            did=check_did(did),
            audience=self._audience,
            nonce=secrets.token_hex(NONCE_BYTES),
            expires_ms=now + self._life_ms,
        )
        with self._lock:
            if len(self._open) >= self._limit:
                self._open = {k: c for k, c in self._open.items() if c.expires_ms >= now}
            if len(self._open) >= self._limit:
                raise TooManyChallenges()
            self._open[challenge.id] = challenge
        return challenge

    def verify(
        self, resolver: Resolver, answer: dict[str, Any] | Answer, *, now_ms: int | None = None
    ) -> str:
        """Check an answer; whatever the outcome, its challenge is used up.

        Steps: 1. the challenge is open (single use); 2. it is in time; 3. it is this DID's;
        4. an authentication key of the DID's present document signed it.

        Returns:
            The DID whose control is proven.

        Raises:
            ChallengeFailed: without saying which step; ``debug`` does.
        """
        now = clock_ms() if now_ms is None else now_ms
        try:
            given = answer if isinstance(answer, Answer) else msgspec.convert(answer, Answer)
        except msgspec.ValidationError as error:
            raise ChallengeFailed(debug="malformed answer") from error
        with self._lock:
            challenge = self._open.pop(given.challenge, None)  # 1
        if challenge is None:
            raise ChallengeFailed(debug="unknown or used challenge")
        if challenge.expires_ms < now:  # 2
            raise ChallengeFailed(debug="late answer")
        if not hmac.compare_digest(challenge.did.encode(), given.did.encode()):  # 3
            raise ChallengeFailed(debug="another DID's challenge")
        self._check_signature(resolver, challenge, given)  # 4
        return challenge.did

    def _check_signature(self, resolver: Resolver, challenge: Challenge, given: Answer) -> None:
        try:
            document = resolver.resolve(challenge.did)
            public = document.public_key(given.kid, "authentication")
            signature = bytes.fromhex(given.signature)
            self._suite.verify(public, DOMAIN, canonical.encode(challenge), signature)
        except (HanseError, ValueError) as error:
            raise ChallengeFailed(debug=type(error).__name__) from error


def answer(identity: Identity, challenge: Challenge, *, audience: str) -> dict[str, str]:
    """Answer a challenge.

    Args:
        identity: who proves itself.
        challenge: as received.
        audience: DID of the verifier the holder means to talk to.

    Returns:
        A JSON-safe dict.

    Raises:
        ChallengeFailed: the challenge is for another DID or from another verifier.
    """
    if challenge.did != identity.did or challenge.audience != audience:
        raise ChallengeFailed("the challenge is not for this DID, or not from this verifier")
    signature = identity.sign(DOMAIN, canonical.encode(challenge))
    return {
        "challenge": challenge.id,
        "did": identity.did,
        "kid": identity.signing_kid,
        "signature": signature.hex(),
    }
