"""What can be wrong with data and its storage. Messages name columns and lines, never values."""

from __future__ import annotations

from hanse.core.errors import (
    ConflictError,
    InputError,
    NotFoundError,
    UnavailableError,
    VerificationError,
)


class UnreadableFile(InputError):
    """The file is missing, no table, or damaged."""

    code = "data.unreadable"
    help = "Give a readable CSV file (UTF-8 or GB18030) or a Parquet file."


class BadEncoding(InputError):
    """The text is neither UTF-8 nor GB18030."""

    code = "data.bad_encoding"
    help = "Save the file as UTF-8 or GB18030 and import it again."


class EmptyFile(InputError):
    """The file holds nothing."""

    code = "data.empty_file"
    help = "The file has neither header nor rows; check the path and the export that made it."


class HeaderOnly(InputError):
    """There is a header and no row."""

    code = "data.header_only"
    help = "The file has column names and no rows; check the export that made it."


class DuplicateColumns(InputError):
    """Two columns have the same name."""

    code = "data.duplicate_columns"
    help = "Give every column a name of its own."


class BlankColumns(InputError):
    """A column has no name."""

    code = "data.blank_columns"
    help = "Name every column in the first line; a separator at its end adds a nameless one."


class BadColumnName(InputError):
    """A column name is too long or holds control characters."""

    code = "data.bad_column_name"
    help = "Use at most 200 printable characters for a column name."


class NoSuchColumn(InputError):
    """The table has no column of that name."""

    code = "data.no_such_column"
    help = "Look at the table's columns and ask for one of them."


class NoSuchType(InputError):
    """The declared type is none of the six."""

    code = "data.no_such_type"
    help = "Types are int64, float64, text, bool, date and timestamp."


class UnsupportedType(InputError):
    """A column's type in the file has no counterpart here."""

    code = "data.unsupported_type"
    help = "Convert the column to a number, text, truth value, date or timestamp first."


class RaggedRows(InputError):
    """Some lines have more or fewer cells than the header."""

    code = "data.ragged_rows"
    help = "Correct the lines named; a separator inside a cell needs quotes around the cell."


class MixedTypes(InputError):
    """A column holds values of more than one type, or of another type than declared."""

    code = "data.mixed_types"
    help = "Correct the lines named, or declare the column as text when it is meant so."


class NotFinite(InputError):
    """A number is infinite."""

    code = "data.not_finite"
    help = "Replace infinite numbers by a value or leave them out."


class DuplicateIds(InputError):
    """The same id occurs in more than one row."""

    code = "data.duplicate_ids"
    help = "Keep one row per id, or name more key columns so that they are unique together."


class MissingIds(InputError):
    """A row has no id."""

    code = "data.missing_ids"
    help = "Give every row a value in each key column."


class SourceChanged(ConflictError):
    """The file was altered while it was read."""

    code = "data.source_changed"
    help = "Import it again when nothing else writes to it."


class NoSuchObject(NotFoundError):
    """The vault holds no such object."""

    code = "data.no_such_object"
    help = "List the vault's objects; this one may have been deleted."


class WrongKind(InputError):
    """The object is of another kind than asked for."""

    code = "data.wrong_kind"
    help = "Tables are opened as tables, bytes read as bytes, arrays as arrays."


class WrongVaultKey(VerificationError):
    """The master key or suite is not this vault's."""

    code = "data.wrong_vault_key"
    help = "Open the vault with the keystore and suite it was made with."


class DamagedObject(VerificationError):
    """A stored file was altered, cut, reordered, swapped, or is opened with a wrong key."""

    code = "data.damaged_object"
    help = "Do not use this object; restore it from backup or import the data again."


class ExportRefused(ConflictError):
    """The target of an export is already there."""

    code = "data.export_exists"
    help = "Choose another name or say that the file may be replaced."


class NoSuchFormat(InputError):
    """The export format is unknown."""

    code = "data.no_such_format"
    help = "Formats are csv and parquet."


class StorageFull(UnavailableError):
    """The disk refused to take more. Nothing was half-written."""

    code = "data.storage_full"
    help = "Free space on the vault's disk and try again."
