"""Named errors of private retrieval."""

from __future__ import annotations

from hanse.compute.errors import Located
from hanse.core.errors import InputError


class RecordTooWide(Located, InputError):
    """A row's payload takes more bytes than a record may have."""

    code = "compute.record_too_wide"
    help = "Name fewer payload columns, or shorten the texts in them."


class TooManyMatches(Located, InputError):
    """A key stands in more rows than a look-up returns."""

    code = "compute.too_many_matches"
    help = "Raise the parameter matches, or make the table's keys unique."


class BadAnswer(Located, InputError):
    """A message of the other party has another size than the set-up says."""

    code = "compute.bad_answer"
    help = "Both parties must use the parts of one set-up; set up again."
