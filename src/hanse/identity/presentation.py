"""Presentations: a holder shows credentials to one verifier, once (``vp+jwt``, VC 2.0).

The holder signs the credentials together with the verifier's DID and nonce; a presentation
overheard or passed on is worthless elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hanse.crypto import jws
from hanse.crypto.errors import BadJws
from hanse.crypto.suite import Suite
from hanse.identity.credential_format import BASE_CONTEXT
from hanse.identity.credentials import Credential, CredentialRegistry, verify_credential
from hanse.identity.did import Resolver
from hanse.identity.errors import BadCredential, BadToken, ChallengeFailed
from hanse.identity.holder import Identity

TOKEN_TYPE = "vp+jwt"  # noqa: S105 - a media type
MAX_CREDENTIALS = 16
_ENVELOPED = "EnvelopedVerifiableCredential"
_DATA_URL = "data:application/vc+jwt,"


class _Enveloped(msgspec.Struct, frozen=True, rename={"context": "@context"}):
    context: str
    id: str
    type: str


class _Presentation(
    msgspec.Struct,
    frozen=True,
    rename={"context": "@context", "credentials": "verifiableCredential"},
):
    context: list[str]
    type: list[str]
    holder: str
    credentials: list[_Enveloped]
    aud: str
    nonce: str


def present(identity: Identity, credentials: Sequence[str], *, audience: str, nonce: str) -> str:
    """Present credentials.

    Args:
        identity: the holder.
        credentials: compact ``vc+jwt``, 1 to 16.
        audience: DID of the verifier.
        nonce: the verifier's fresh nonce.

    Returns:
        A compact JWS.
    """
    if not 1 <= len(credentials) <= MAX_CREDENTIALS:
        raise BadCredential(f"a presentation has 1 to {MAX_CREDENTIALS} credentials")
    presentation = _Presentation(
        context=[BASE_CONTEXT],
        type=["VerifiablePresentation"],
        holder=identity.did,
        credentials=[_Enveloped(BASE_CONTEXT, _DATA_URL + c, _ENVELOPED) for c in credentials],
        aud=audience,
        nonce=nonce,
    )
    payload = msgspec.json.encode(presentation)
    return jws.sign_jws(
        identity.suite, identity.sign_bytes, payload, kid=identity.signing_kid, typ=TOKEN_TYPE
    )


def verify_presentation(
    suite: Suite,
    resolver: Resolver,
    registry: CredentialRegistry,
    token: str,
    now_ms: int,
    *,
    audience: str,
    nonce: str,
) -> list[Credential]:
    """Verify a presentation and every credential in it.

    Steps: 1. form; 2. the holder's authentication key signed it; 3. it is for this audience
    and nonce (the caller makes sure a nonce is used once); 4. every credential verifies and
    its subject is the holder.

    Raises:
        BadToken, BadCredential, BadSignature, ChallengeFailed, and what `verify_credential`
        raises.
    """
    try:  # 1
        parsed = jws.parse_jws(suite, token, typ=TOKEN_TYPE)
        shown = msgspec.json.decode(parsed.payload, type=_Presentation)
    except BadJws as error:
        raise BadToken(error.message) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadCredential("the payload is no presentation of VC 2.0") from error
    _check_shape(shown)
    if parsed.kid.partition("#")[0] != shown.holder:  # 2
        raise BadCredential("the signing key is not the holder's")
    document = resolver.resolve(shown.holder)
    jws.verify_jws(suite, parsed, document.public_key(parsed.kid, "authentication"))
    if (shown.aud, shown.nonce) != (audience, nonce):  # 3
        raise ChallengeFailed("the presentation was made for another verifier or occasion")
    tokens = [entry.id.removeprefix(_DATA_URL) for entry in shown.credentials]
    return [  # 4
        verify_credential(suite, resolver, registry, each, now_ms, holder=shown.holder)
        for each in tokens
    ]


def _check_shape(shown: _Presentation) -> None:
    if shown.context[:1] != [BASE_CONTEXT] or shown.type != ["VerifiablePresentation"]:
        raise BadCredential("the payload is no presentation of VC 2.0")
    if not 1 <= len(shown.credentials) <= MAX_CREDENTIALS:
        raise BadCredential(f"a presentation has 1 to {MAX_CREDENTIALS} credentials")
    if not all(e.type == _ENVELOPED and e.id.startswith(_DATA_URL) for e in shown.credentials):
        raise BadCredential("credentials are enveloped as data:application/vc+jwt")
