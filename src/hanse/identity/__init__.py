"""Who is who: DIDs and their documents, credentials, challenges, sealed messages.

Everything here works between two parties that never met, given only a `Resolver` (which reads
DID documents from the ledger) and a source of credential status.
"""

from hanse.identity.did import DidDocument, Directory, Resolver, Service, VerificationMethod
from hanse.identity.holder import Identity

__all__ = [
    "DidDocument",
    "Directory",
    "Identity",
    "Resolver",
    "Service",
    "VerificationMethod",
]
