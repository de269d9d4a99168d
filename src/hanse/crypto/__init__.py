"""Cryptography behind one suite interface, chosen once at genesis.

`hanse.crypto.suite` is the interface; `sm` is the national suite (SM2, SM3, SM4), `intl` the
international one (Ed25519, X25519, SHA-256, AES-256-GCM). The other files build on the
interface only: commitments, Merkle trees, envelopes, the keystore. Libraries are wrapped here
and nowhere else.
"""
