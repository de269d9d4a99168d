"""Short-lived TLS certificates for one task (X.509 v3, RFC 5280; ECDSA P-256).

Each party makes its own, self-signed, and tells the others its certificate in a signed session
manifest; every link trusts exactly the certificates of that manifest. So a certificate is bound
to a DID by the manifest and no certification authority is involved.

These certificates are international cryptography under either suite: the linking library's TLS
takes no SM2 certificates. What travels inside are MPC messages; everything else
between nodes is sealed with the suite at application level.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hanse.crypto.errors import BadCertificate

BACKDATE_MS = 5 * 60_000
"""Validity begins this much before the making, because clocks differ."""
MAX_LIFETIME_MS = 31 * 24 * 3_600_000
MAX_SUBJECT_CHARACTERS = 64


def make_task_certificate(
    subject: str, not_after_ms: int, *, now_ms: int | None = None, hosts: Sequence[str] = ()
) -> tuple[str, str]:
    """Make a key and a self-signed certificate for it.

    Args:
        subject: common name, 1 to 64 characters; usually the party's DID.
        not_after_ms: end of validity, UTC ms, at most 31 days ahead.
        now_ms: present time, UTC ms; the clock's when absent.
        hosts: DNS names and IP addresses to name besides ``localhost`` and 127.0.0.1.

    Returns:
        Certificate and private key, PEM.

    Raises:
        BadCertificate: subject or validity out of range.
    """
    now = datetime.datetime.now(datetime.UTC) if now_ms is None else _time(now_ms)
    lifetime_ms = (_time(not_after_ms) - now).total_seconds() * 1_000
    if not 0 < lifetime_ms <= MAX_LIFETIME_MS:
        raise BadCertificate("a task certificate ends in the future, within 31 days")
    if not 1 <= len(subject) <= MAX_SUBJECT_CHARACTERS:
        raise BadCertificate("the subject has 1 to 64 characters")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(milliseconds=BACKDATE_MS))
        .not_valid_after(_time(not_after_ms))
    )
    certificate = _with_extensions(builder, subject, hosts, key.public_key()).sign(
        key, hashes.SHA256()
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, key_pem.decode("ascii")


def fingerprint(certificate_pem: str) -> str:
    """SHA-256 of the certificate's DER, 64 hex digits; raises `BadCertificate`."""
    return _load(certificate_pem).fingerprint(hashes.SHA256()).hex()


def subject_of(certificate_pem: str) -> str:
    """Common name of a certificate; raises `BadCertificate`."""
    names = _load(certificate_pem).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(names) != 1:
        raise BadCertificate("a task certificate has one common name")
    return str(names[0].value)


def verify_task_certificate(certificate_pem: str, subject: str, now_ms: int) -> None:
    """Check a peer's certificate before trusting it for a task.

    Steps: 1. one certificate, self-signed, on P-256; 2. the subject is the party it should be;
    3. valid now, and for at most 31 days in all.

    Raises:
        BadCertificate: naming the step that failed.
    """
    certificate = _load(certificate_pem)
    public = certificate.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name != "secp256r1":
        raise BadCertificate("a task certificate has a P-256 key")
    try:
        certificate.verify_directly_issued_by(certificate)
    except Exception as error:  # the library raises four kinds for one fact
        raise BadCertificate("a task certificate is signed by its own key") from error
    if subject_of(certificate_pem) != subject:
        raise BadCertificate("the certificate names another subject")
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begins <= _time(now_ms) <= ends:
        raise BadCertificate("the certificate is not valid now")
    if (ends - begins).total_seconds() * 1_000 > MAX_LIFETIME_MS + BACKDATE_MS + 1_000:
        raise BadCertificate("task certificates live at most 31 days")


def _time(moment_ms: int) -> datetime.datetime:
    try:
        return datetime.datetime.fromtimestamp(moment_ms / 1_000, datetime.UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadCertificate("a time is out of range") from error


def _load(pem: str) -> x509.Certificate:
    try:
        certificates = x509.load_pem_x509_certificates(pem.encode("ascii"))
    except ValueError as error:
        raise BadCertificate("not a certificate in PEM") from error
    if len(certificates) != 1:
        raise BadCertificate("one certificate, no chain")
    return certificates[0]


def _with_extensions(
    builder: x509.CertificateBuilder,
    subject: str,
    hosts: Sequence[str],
    public: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    # No CA: whoever trusts this certificate trusts this one key, not what it might sign. No
    # key usage: without keyCertSign, BoringSSL would not take it as its own anchor.
    names = [_general_name(host) for host in dict.fromkeys(("localhost", "127.0.0.1", *hosts))]
    if subject.startswith("did:"):
        names.append(x509.UniformResourceIdentifier(subject))
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return (
        builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
