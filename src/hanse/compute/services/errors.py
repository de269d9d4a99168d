"""Named errors of services."""

from __future__ import annotations

from hanse.compute.errors import Located
from hanse.core.errors import InputError


class UnknownId(Located, InputError):
    """An id that was asked for is not in an owner's table."""

    code = "compute.unknown_id"
    help = "Ask only for ids all owners have; the message names the owner, nobody learns more."


class IdNotUnique(Located, InputError):
    """An id stands in several rows of an owner's table."""

    code = "compute.id_not_unique"
    help = "Import a table with one row for each id, and bind the service to it."


class TooManyKeys(Located, InputError):
    """A round asks for more ids or keys than it may."""

    code = "compute.too_many_keys"
    help = "Ask in smaller batches; nodes of this release do so by themselves."
