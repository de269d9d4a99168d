"""Certificates in the making: this node's own statement, and those it verified of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hanse.ledger.application import Application
from hanse.ledger.block import decode_block
from hanse.ledger.certificates import (
    FIRST_CERTIFIED,
    Certificate,
    CommitSignature,
    Statement,
    VoteExtension,
    assemble,
    decode_certificate,
    decode_extension,
    encode_certificate,
    encode_extension,
    make_statement,
    sign_statement,
    verify_certificate,
    verify_statement,
)
from hanse.ledger.errors import BadCertificate
from hanse.ledger.storage.store import Store
from hanse.ledger.validators import Validator, engine_address

REMEMBERED = 4


@dataclass
class _Page:
    """One height."""

    statement: Statement
    signers: tuple[Validator, ...]
    signatures: dict[str, CommitSignature] = field(default_factory=dict)
    certificate: bytes | None = None
    untrue: dict[str, bytes] = field(default_factory=dict)  # DID → extension that states another


class CertificateBook:
    """Makes and checks vote extensions and certificates. Belongs to the thread that executes.

    Args:
        application: executes the blocks.
        store: its disk.
        private_keys: own certificate keys: public, hex → private.
    """

    def __init__(
        self, application: Application, store: Store, private_keys: Mapping[str, bytes]
    ) -> None:
        self._application = application
        self._store = store
        self._private = private_keys
        self._pages: dict[int, _Page] = {}

    def extension(self, height: int) -> bytes:
        """What this node attaches to its vote on a block: its statement of the block before.

        Empty on the first block, and when this node holds no certificate key of the set.
        """
        if height <= FIRST_CERTIFIED:
            return b""
        page = self._page(height - 1)
        for validator in page.signers:
            private = self._private.get(validator.certificate_public)
            if private is not None:
                suite = self._application.suite
                signature = sign_statement(suite, private, page.statement)
                self._record(page, CommitSignature(validator.did, signature))
                return encode_extension(VoteExtension(page.statement, signature))
        return b""

    def check_extension(self, height: int, address: bytes, data: bytes) -> None:
        """Verify another validator's extension of its vote on a block, and keep it.

        Args:
            height: of the block voted on.
            address: the engine's address of the validator, 20 bytes.
            data: the extension.

        Raises:
            BadCertificate: it is not what an honest validator attaches.
        """
        if height <= FIRST_CERTIFIED:
            if data:
                raise BadCertificate("nothing can be stated with the first vote")
            return
        page = self._page(height - 1)
        validator = voter(page.signers, address)
        extension = decode_extension(data)
        if extension.statement != page.statement:
            self._keep_untrue(page, validator, extension, data)
            raise BadCertificate("the statement is not what executing the block gives")
        self._verify(page, CommitSignature(validator.did, extension.signature), validator)

    def contradiction(self, height: int, address: bytes) -> tuple[bytes, bytes] | None:
        """Two extensions of one validator's vote on a block that state different things.

        Both carry its signature, so they convict it wherever they are shown.

        Raises:
            BadCertificate: the address is nobody's of the set.
        """
        page = self._pages.get(height - 1)
        if page is None:
            return None
        did = voter(page.signers, address).did
        untrue, signature = page.untrue.get(did), page.signatures.get(did)
        if untrue is None or signature is None:
            return None
        return encode_extension(VoteExtension(page.statement, signature.signature)), untrue

    def check_certificate(self, height: int, data: bytes) -> None:
        """Verify a certificate somebody else assembled, and keep it.

        Raises:
            BadCertificate: it does not certify this very block.
        """
        page = self._page(height)
        if page.certificate == data:
            return
        certificate = decode_certificate(data)
        if certificate.statement != page.statement:
            raise BadCertificate("the certificate is of another block")
        if not self._all_verified(page, certificate):
            verify_certificate(self._application.suite, page.signers, certificate)
        elif assemble(page.statement, certificate.signatures, page.signers) != certificate:
            raise BadCertificate("the signers hold too little power")
        page.certificate = page.certificate or data

    def certificate(self, height: int) -> bytes | None:
        """The encoded certificate of a block, assembled here or stored."""
        assembled = self.assembled(height)
        if assembled is not None:
            return assembled
        with self._store.read() as snapshot:
            return snapshot.certificate(height)

    def assembled(self, height: int) -> bytes | None:
        """The encoded certificate of a block when it was assembled or verified here."""
        page = self._pages.get(height)
        return None if page is None else page.certificate

    def _page(self, height: int) -> _Page:
        page = self._pages.get(height)
        if page is None:
            page = self._pages[height] = self._begin(height)
            for old in [h for h in self._pages if h < height - REMEMBERED]:
                del self._pages[old]
        return page

    def _begin(self, height: int) -> _Page:
        application = self._application
        with self._store.read() as snapshot:
            data = snapshot.block(height)
        if data is None:
            raise BadCertificate(f"block {height} is not here")
        block = decode_block(data)
        signers = application.validators(height + 1)
        statement = make_statement(
            application.suite,
            block.header,
            block.block_id,
            signers,
            application.validators(height + 2),
        )
        return _Page(statement, signers)

    def _keep_untrue(
        self, page: _Page, validator: Validator, extension: VoteExtension, data: bytes
    ) -> None:
        """Keep a statement that differs, if the validator signed it of this very block."""
        stated = extension.statement
        if (stated.chain, stated.height) != (page.statement.chain, page.statement.height):
            return
        verify_statement(
            self._application.suite, validator.certificate_public, stated, extension.signature
        )
        page.untrue.setdefault(validator.did, data)

    def _verify(self, page: _Page, signature: CommitSignature, validator: Validator) -> None:
        if page.signatures.get(signature.did) == signature:
            return
        verify_statement(
            self._application.suite,
            validator.certificate_public,
            page.statement,
            signature.signature,
        )
        self._record(page, signature)

    def _record(self, page: _Page, signature: CommitSignature) -> None:
        page.signatures[signature.did] = signature
        if page.certificate is None:
            made = assemble(page.statement, page.signatures.values(), page.signers)
            page.certificate = None if made is None else encode_certificate(made)

    def _all_verified(self, page: _Page, certificate: Certificate) -> bool:
        return bool(certificate.signatures) and all(
            page.signatures.get(signature.did) == signature for signature in certificate.signatures
        )


def voter(validators: tuple[Validator, ...], address: bytes) -> Validator:
    """The validator with this engine address.

    Raises:
        BadCertificate: none of the set has it.
    """
    for validator in validators:
        if engine_address(bytes.fromhex(validator.engine_public)) == address:
            return validator
    raise BadCertificate("the vote is by nobody of the set")
