"""Both sources of SM3 are interchangeable."""

from __future__ import annotations

import hmac
import secrets

from hanse.crypto import sm3


def test_fallback_equals_openssl() -> None:
    for size in (0, 1, 63, 64, 65, 1_000):
        data = secrets.token_bytes(size)
        assert sm3.TongsuoSm3(data).digest() == sm3.digest(data)


def test_fallback_serves_hmac_and_copies() -> None:
    key, data = secrets.token_bytes(80), secrets.token_bytes(200)
    assert hmac.new(key, data, sm3.TongsuoSm3).digest() == sm3.hmac(key, data)
    running = sm3.TongsuoSm3(data)
    twin = running.copy()
    running.update(b"more")
    assert twin.hexdigest() == sm3.digest(data).hex()
    assert running.digest() == sm3.digest(data + b"more")


def test_choice_follows_the_interpreter(monkeypatch) -> None:
    assert sm3._is_in_hashlib()

    def refuse(name: str, data: bytes = b"") -> None:
        raise ValueError(name)

    monkeypatch.setattr(sm3.hashlib, "new", refuse)
    assert not sm3._is_in_hashlib()
