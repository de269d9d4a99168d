"""A package: manifest and source, their canonical bytes, their fingerprint.

The canonical bytes are canonical JSON of the two files' texts, so the same package has the same
fingerprint wherever it lies, whatever its files' times, order or line endings.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Protocol

import msgspec

from hanse.compute.algorithms.errors import BadPackage, FingerprintDiffers
from hanse.compute.algorithms.manifest import Manifest, read_manifest
from hanse.compute.algorithms.source import check_source
from hanse.core import canonical

MANIFEST_FILE, SOURCE_FILE = "manifest.yaml", "algorithm.py"
MAX_SOURCE_BYTES = 64 * 1024
MAX_PACKAGE_BYTES = 128 * 1024
_DOMAIN = "hanse/algorithm/1"


class Hashing(Protocol):
    """The part of a crypto suite that is needed here."""

    def hash(self, data: bytes) -> bytes:
        """32-byte digest."""
        ...


class _Files(msgspec.Struct, forbid_unknown_fields=True):
    manifest: str
    source: str


class Package(msgspec.Struct, frozen=True):
    """A checked package."""

    manifest_text: str
    source: str
    manifest: Manifest

    def encode(self) -> bytes:
        """The canonical bytes."""
        return canonical.encode({"manifest": self.manifest_text, "source": self.source})

    def fingerprint(self, suite: Hashing) -> str:
        """Hex digest of the canonical bytes under the network's suite."""
        return suite.hash(canonical.tagged(_DOMAIN, self.encode())).hex()


def make_package(manifest_text: str, source: str) -> Package:
    """A package from its two texts, checked as far as it can be without running it.

    Raises:
        BadPackage, BadManifest, ForbiddenCode: naming what is wrong.
    """
    texts = [text.replace("\r\n", "\n") for text in (manifest_text, source)]
    if len(texts[1].encode()) > MAX_SOURCE_BYTES:
        raise BadPackage(f"{SOURCE_FILE} is longer than {MAX_SOURCE_BYTES} bytes")
    manifest = read_manifest(texts[0])
    check_source(texts[1])
    return Package(texts[0], texts[1], manifest)


def read_folder(folder: Path) -> Package:
    """The package in a folder.

    Raises:
        BadPackage, BadManifest, ForbiddenCode: naming what is wrong.
    """
    if not folder.is_dir():
        raise BadPackage(f"{folder} is no folder")
    found = sorted(path.name for path in folder.iterdir() if path.name != "__pycache__")
    if found != sorted((MANIFEST_FILE, SOURCE_FILE)):
        raise BadPackage(f"{folder} holds {', '.join(found)[:200] or 'nothing'}")
    try:
        manifest, source = ((folder / n).read_text("utf-8") for n in (MANIFEST_FILE, SOURCE_FILE))
    except (OSError, UnicodeDecodeError) as error:
        raise BadPackage(f"{folder} cannot be read as UTF-8 text") from error
    return make_package(manifest, source)


def write_folder(package: Package, folder: Path) -> None:
    """Write the two files into a new folder.

    Raises:
        BadPackage: when something of that name exists.
    """
    if folder.exists():
        raise BadPackage(f"{folder} exists already")
    folder.mkdir(parents=True)
    (folder / MANIFEST_FILE).write_text(package.manifest_text, "utf-8", newline="\n")
    (folder / SOURCE_FILE).write_text(package.source, "utf-8", newline="\n")


def decode_package(data: bytes) -> Package:
    """A package from its canonical bytes.

    Raises:
        BadPackage, BadManifest, ForbiddenCode: naming what is wrong.
    """
    if len(data) > MAX_PACKAGE_BYTES:
        raise BadPackage(f"the package is longer than {MAX_PACKAGE_BYTES} bytes")
    try:
        files = msgspec.json.decode(data, type=_Files)
    except msgspec.DecodeError as error:
        raise BadPackage("these are no bytes of a package") from error
    package = make_package(files.manifest, files.source)
    if package.encode() != data:
        raise BadPackage("the package's bytes are not canonical")
    return package


def verify_package(data: bytes, fingerprint: str, suite: Hashing) -> Package:
    """The package of these bytes, when it is the one of that fingerprint.

    Raises:
        FingerprintDiffers: when it is another; nothing of it is read.
    """
    digest = suite.hash(canonical.tagged(_DOMAIN, data)).hex()
    if not hmac.compare_digest(digest, fingerprint):
        raise FingerprintDiffers("the package has another fingerprint than was published")
    return decode_package(data)
