"""Identity needs nothing of other contracts; it stands below all of them."""

from __future__ import annotations

NEEDS: tuple[type, ...] = ()
