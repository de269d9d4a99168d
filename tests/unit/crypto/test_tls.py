"""Task certificates: what they say, and that mutual TLS trusts exactly them."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from hanse.crypto.errors import BadCertificate
from hanse.crypto.tls import (
    fingerprint,
    make_task_certificate,
    subject_of,
    verify_task_certificate,
)

DID = "did:hanse:" + "a" * 32
HOUR_MS = 3_600_000
NOW_MS = 1_800_000_000_000


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_certificate_says_who_and_how_long() -> None:
    certificate, key = make_task_certificate(
        DID, NOW_MS + HOUR_MS, now_ms=NOW_MS, hosts=["node.example", "10.0.0.1"]
    )
    parsed = x509.load_pem_x509_certificate(certificate.encode())
    assert subject_of(certificate) == DID
    assert parsed.not_valid_after_utc.timestamp() * 1_000 == NOW_MS + HOUR_MS
    assert parsed.not_valid_before_utc.timestamp() * 1_000 == NOW_MS - 5 * 60_000
    names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"localhost", "node.example"}
    assert {str(a) for a in names.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "10.0.0.1"}
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [DID]
    basic = parsed.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert not basic.ca
    assert "PRIVATE KEY" in key
    verify_task_certificate(certificate, DID, NOW_MS)


def test_fingerprint_is_of_the_der() -> None:
    first, _ = make_task_certificate(DID, _now_ms() + HOUR_MS)
    second, _ = make_task_certificate(DID, _now_ms() + HOUR_MS)
    parsed = x509.load_pem_x509_certificate(first.encode())
    assert fingerprint(first) == parsed.fingerprint(hashes.SHA256()).hex()
    assert fingerprint(first) != fingerprint(second)


@pytest.mark.parametrize(
    ("subject", "not_after_ms"),
    [
        ("", NOW_MS + HOUR_MS),
        ("x" * 65, NOW_MS + HOUR_MS),
        (DID, NOW_MS),
        (DID, NOW_MS - 1),
        (DID, NOW_MS + 32 * 24 * HOUR_MS),
        (DID, 10**20),
    ],
)
def test_out_of_range_is_refused(subject: str, not_after_ms: int) -> None:
    with pytest.raises(BadCertificate):
        make_task_certificate(subject, not_after_ms, now_ms=NOW_MS)


@pytest.mark.parametrize("when_ms", [NOW_MS - HOUR_MS, NOW_MS + HOUR_MS + 1_000])
def test_verify_refuses_other_times(when_ms: int) -> None:
    certificate, _ = make_task_certificate(DID, NOW_MS + HOUR_MS, now_ms=NOW_MS)
    with pytest.raises(BadCertificate, match="not valid now"):
        verify_task_certificate(certificate, DID, when_ms)


def test_verify_refuses_another_subject_and_garbage() -> None:
    certificate, _ = make_task_certificate(DID, NOW_MS + HOUR_MS, now_ms=NOW_MS)
    with pytest.raises(BadCertificate, match="another subject"):
        verify_task_certificate(certificate, "did:hanse:" + "b" * 32, NOW_MS)
    for bad in ("", "nonsense", "ü", certificate + certificate):
        with pytest.raises(BadCertificate):
            verify_task_certificate(bad, DID, NOW_MS)


def _foreign(
    *,
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    signer: object = None,
    subject: bool = True,
    days: int = 1,
) -> str:
    begins = datetime.datetime.fromtimestamp(NOW_MS / 1_000, datetime.UTC)
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, DID)] if subject else []
    name = x509.Name(attributes)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=days))
        .sign(
            signer or key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        )
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def test_verify_refuses_foreign_kinds() -> None:
    p256 = ec.generate_private_key(ec.SECP256R1())
    cases = [
        (_foreign(key=ed25519.Ed25519PrivateKey.generate()), "P-256"),
        (_foreign(key=ec.generate_private_key(ec.SECP384R1())), "P-256"),
        (_foreign(key=p256, signer=ec.generate_private_key(ec.SECP256R1())), "its own key"),
        (_foreign(key=p256, subject=False), "one common name"),
        (_foreign(key=p256, days=60), "at most 31 days"),
    ]
    for certificate, reason in cases:
        with pytest.raises(BadCertificate, match=reason):
            verify_task_certificate(certificate, DID, NOW_MS)


class Side:
    """A party with its certificate in files, as TLS libraries want them."""

    def __init__(self, folder: Path, name: str) -> None:
        self.certificate, key = make_task_certificate(name, _now_ms() + HOUR_MS)
        self.certificate_file, self.key_file = folder / f"{name}.crt", folder / f"{name}.key"
        self.certificate_file.write_text(self.certificate)
        self.key_file.write_text(key)

    def context(self, protocol: int, trusted: Side) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.load_cert_chain(self.certificate_file, self.key_file)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(trusted.certificate_file)
        return context


def _connect(server: ssl.SSLContext, client: ssl.SSLContext) -> bool:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(60)
    outcome: list[bool] = []

    def serve() -> None:
        raw, _ = listener.accept()
        try:
            with server.wrap_socket(raw, server_side=True) as secure:
                secure.sendall(secure.recv(5))
                outcome.append(True)
        except (ssl.SSLError, OSError):
            raw.close()
            outcome.append(False)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with (
            socket.create_connection(listener.getsockname(), timeout=60) as raw,
            client.wrap_socket(raw, server_hostname="localhost") as secure,
        ):
            secure.sendall(b"hello")
            answered = secure.recv(5) == b"hello"
    except (ssl.SSLError, OSError):
        answered = False
    thread.join()
    listener.close()
    return answered and outcome == [True]


def test_mutual_tls_trusts_exactly_the_announced_certificates(tmp_path: Path) -> None:
    alice, bob, eve = (Side(tmp_path, name) for name in ("alice", "bob", "eve"))
    server = bob.context(ssl.PROTOCOL_TLS_SERVER, alice)
    assert _connect(server, alice.context(ssl.PROTOCOL_TLS_CLIENT, bob))
    assert not _connect(server, eve.context(ssl.PROTOCOL_TLS_CLIENT, bob))
    assert not _connect(server, alice.context(ssl.PROTOCOL_TLS_CLIENT, eve))


def test_task_certificate_cannot_issue_others(tmp_path: Path) -> None:
    """Trusting Alice's certificate trusts Alice, not what Alice's key signs for Eve."""
    alice, bob = Side(tmp_path, "alice"), Side(tmp_path, "bob")
    issuer = x509.load_pem_x509_certificate(alice.certificate.encode())
    issuer_key = serialization.load_pem_private_key(alice.key_file.read_bytes(), None)
    eve_key = ec.generate_private_key(ec.SECP256R1())
    forged = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "eve")]))
        .issuer_name(issuer.subject)
        .public_key(eve_key.public_key())
        .serial_number(1)
        .not_valid_before(issuer.not_valid_before_utc)
        .not_valid_after(issuer.not_valid_after_utc)
        .sign(issuer_key, hashes.SHA256())
    )
    eve = Side(tmp_path, "eve")
    pem = serialization.Encoding.PEM
    eve.certificate_file.write_bytes(forged.public_bytes(pem) + issuer.public_bytes(pem))
    eve.key_file.write_bytes(
        eve_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = bob.context(ssl.PROTOCOL_TLS_SERVER, alice)
    assert not _connect(server, eve.context(ssl.PROTOCOL_TLS_CLIENT, bob))
