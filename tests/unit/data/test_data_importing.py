"""Import: what comes in, and what is refused with which words."""

from __future__ import annotations

import datetime
import io
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanse.core.errors import HanseError
from hanse.data import csv_reader
from hanse.data.digest import content_digest
from hanse.data.encrypted_file import EncryptedFile
from hanse.data.errors import (
    BadColumnName,
    BadEncoding,
    BlankColumns,
    DuplicateColumns,
    DuplicateIds,
    EmptyFile,
    HeaderOnly,
    MissingIds,
    MixedTypes,
    NoSuchColumn,
    NoSuchType,
    NotFinite,
    RaggedRows,
    UnreadableFile,
    UnsupportedType,
)
from hanse.data.importing import import_file
from hanse.data.objects import write_bytes_file
from hanse.data.vault import Vault

CsvFile = Callable[..., Path]


def types_of(table: object) -> dict[str, str]:
    return {column.name: column.type for column in table.columns}  # type: ignore[attr-defined]


def test_every_type_is_found(intl_vault: Vault, csv_file: CsvFile) -> None:
    path = csv_file(
        "id,amount,ok,day,at,word,code\n"
        "1,1.5,true,2024-01-05,2024-01-05 10:00,red,007\n"
        "2,-2e3,FALSE,2024/2/9,2024-01-05T10:00:00+08:00,green,12\n"
    )
    table = import_file(path, intl_vault)
    assert types_of(table) == {
        "id": "int64",
        "amount": "float64",
        "ok": "bool",
        "day": "date",
        "at": "timestamp",
        "word": "text",
        "code": "text",
    }
    utc = datetime.UTC
    assert table.to_arrow().to_pylist()[1] == {
        "id": 2,
        "amount": -2000.0,
        "ok": False,
        "day": datetime.date(2024, 2, 9),
        "at": datetime.datetime(2024, 1, 5, 2, 0, tzinfo=utc),
        "word": "green",
        "code": "12",
    }
    assert table.name == "source"
    assert table.rows == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_headers_in_every_encoding(
    intl_vault: Vault, csv_file: CsvFile, encoding: str
) -> None:
    path = csv_file('编号,姓名\n1,张三\n2,"李,四"\n3,㐀𠀀\n', encoding)
    table = import_file(path, intl_vault, key_columns=["编号"])
    assert table.to_arrow().to_pydict() == {"编号": [1, 2, 3], "姓名": ["张三", "李,四", "㐀𠀀"]}


def test_gb18030_behind_a_long_ascii_beginning_is_found(
    intl_vault: Vault, csv_file: CsvFile
) -> None:
    rows = "".join(f"{i},plain\n" for i in range(20_000))
    table = import_file(csv_file("id,word\n" + rows + "20000,完\n", "gb18030"), intl_vault)
    assert table.rows == 20_001
    assert table.to_arrow(["word"])["word"][-1].as_py() == "完"


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_separators_and_line_ends(intl_vault: Vault, csv_file: CsvFile, separator: str) -> None:
    text = f'a{separator}"b,;|c"\r\n1{separator}x\r\n\r\n2{separator}y'
    table = import_file(csv_file(text), intl_vault)
    assert table.to_arrow().to_pydict() == {"a": [1, 2], "b,;|c": ["x", "y"]}


def test_quoted_line_breaks_stay_in_the_cell(intl_vault: Vault, csv_file: CsvFile) -> None:
    table = import_file(csv_file('id,note\n1,"two\nlines ""quoted"""\n2,one\n'), intl_vault)
    assert table.to_arrow()["note"].to_pylist() == ['two\nlines "quoted"', "one"]


def test_gaps_in_numbers_and_words(intl_vault: Vault, csv_file: CsvFile) -> None:
    cells = ["", '""', "NA", "n/a", "NULL", "NaN", "\\N", "  "]
    weak = ["none", "-", "?", "无"]
    rows = "".join(f"7,{cell},{cell}\n" for cell in cells + weak)
    table = import_file(csv_file("id,number,word\n1,5,red\n" + rows), intl_vault)
    assert types_of(table)["number"] == "int64"
    assert table.to_arrow()["number"].to_pylist() == [5] + [None] * 12
    assert table.to_arrow()["word"].to_pylist() == ["red"] + [None] * 8 + weak


def test_a_type_that_changes_late_is_found(
    intl_vault: Vault, csv_file: CsvFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK_BYTES", 4096)
    rows = "".join(f"{i},{i}\n" for i in range(5_000))
    table = import_file(csv_file("id,x\n" + rows + "5000,0.5\n"), intl_vault)
    assert types_of(table) == {"id": "int64", "x": "float64"}
    assert table.to_arrow()["x"][-1].as_py() == 0.5
    assert len(intl_vault.list_objects()) == 1


def test_declared_types_win(intl_vault: Vault, csv_file: CsvFile) -> None:
    path = csv_file("id,zip,x\n1,80331,1\n2,7,2\n")
    table = import_file(path, intl_vault, types={"zip": "text", "x": "float64"})
    assert types_of(table) == {"id": "int64", "zip": "text", "x": "float64"}


def test_names_are_trimmed_and_may_differ_by_case_only(
    intl_vault: Vault, csv_file: CsvFile
) -> None:
    table = import_file(csv_file(" a ,A\n1,2\n"), intl_vault)
    assert [column.name for column in table.columns] == ["a", "A"]


def test_a_file_that_is_not_on_a_plain_disk(intl_vault: Vault, tmp_path: Path) -> None:
    path, key, suite = tmp_path / "sealed", bytes(32), intl_vault.suite
    write_bytes_file(path, key, suite, b"id,x\n1,2\n")
    table = import_file(
        lambda: io.BufferedReader(EncryptedFile(path, key, suite)), intl_vault, name="sent"
    )
    assert (table.rows, table.name) == (1, "sent")


REFUSED = [
    ("empty", b"", EmptyFile, ""),
    ("only_blanks", b"\n \n", EmptyFile, ""),
    ("mark_only", b"\xef\xbb\xbf", EmptyFile, ""),
    ("header", b"id,x", HeaderOnly, ""),
    ("header_line", b"id,x\n\n", HeaderOnly, ""),
    ("double_name", b"id,x, x\n1,2,3\n", DuplicateColumns, "'x'"),
    ("blank_name", b"id,x,\n1,2,3\n", BlankColumns, "column 3"),
    ("long_name", b"id," + b"x" * 201 + b"\n1,2\n", BadColumnName, "column 2"),
    ("short_row", b'id,x\n1,"a\nb"\n2\n3,4,5\n', RaggedRows, "lines 4, 5"),
    ("open_quote", b'id,x\n1,2\n2,"3\n4,5\n', UnreadableFile, "line 3"),
    ("binary", b"PK\x03\x04\0\0\0", UnreadableFile, "binary"),
    ("torn_parquet", b"PAR1....", UnreadableFile, "Parquet"),
    ("bad_bytes", "id,名\n1,甲\n".encode() + b"2,\xff\xff\n", BadEncoding, "neither"),
    ("words_among_numbers", b"id,x\n1,2\n2,3\n3,oops\n", MixedTypes, "'x' is mostly int64"),
    ("infinite", b"id,x\n1,2.5\n2,inf\n", MixedTypes, "line 3"),
    ("no_such_day", b"id,x\n1,2024-02-28\n2,2024-02-30\n", MixedTypes, "line 3"),
    (
        "date_as_number",
        b"id,x\n1,2024-02-28\n2,2024-02-27\n3,20240226\n",
        MixedTypes,
        "line 4",
    ),
    ("same_id", b'id,x\n7,"a\nb"\n8,c\n7,d\n', DuplicateIds, "lines 2, 5"),
    ("no_id", b"id,x\n1,1\n,2\n", MissingIds, "line 3"),
]


@pytest.mark.parametrize(
    ("content", "error", "words"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_bad_file_is_refused_by_name_and_leaves_nothing(
    intl_vault: Vault, csv_file: CsvFile, content: bytes, error: type[HanseError], words: str
) -> None:
    with pytest.raises(error) as caught:
        import_file(csv_file(content), intl_vault, key_columns=["id"])
    assert words in caught.value.message
    assert not intl_vault.list_objects()
    assert [path.name for path in (intl_vault.root / "objects").iterdir()] == [".lock"]


def test_messages_never_hold_values(intl_vault: Vault, csv_file: CsvFile) -> None:
    for content in (
        "id,x\n1,2\n2,3\n3,Geheimnis\n",
        "id,x\nGeheimnis,2\nGeheimnis,3\n",
        "id,x\n1,2\nGeheimnis\n",
    ):
        with pytest.raises(HanseError) as caught:
            import_file(csv_file(content), intl_vault, key_columns=["id"])
        error: BaseException | None = caught.value
        assert "Geheimnis" not in caught.value.message + caught.value.debug
        while error is not None:
            assert "Geheimnis" not in str(error)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_mixed_types_name_a_few_lines_of_many(intl_vault: Vault, csv_file: CsvFile) -> None:
    rows = "".join(f"{i},{'x' if i % 5 == 0 else i}\n" for i in range(2, 500))
    with pytest.raises(MixedTypes, match=r"lines 5, 10, 15, 20, 25 and others"):
        import_file(csv_file("id,x\n" + rows), intl_vault)


def test_words_with_some_numbers_are_text(intl_vault: Vault, csv_file: CsvFile) -> None:
    table = import_file(csv_file("id,x\n1,a\n2,b\n3,3\n"), intl_vault)
    assert types_of(table)["x"] == "text"


def test_declared_type_that_does_not_hold(intl_vault: Vault, csv_file: CsvFile) -> None:
    with pytest.raises(MixedTypes, match="'x' is not all int64: line 3"):
        import_file(csv_file("id,x\n1,2\n2,2.5\n"), intl_vault, types={"x": "int64"})


def test_unknown_columns_and_types(intl_vault: Vault, csv_file: CsvFile) -> None:
    path = csv_file("id,x\n1,2\n")
    with pytest.raises(NoSuchColumn, match=r"'nr'.*'id', 'x'"):
        import_file(path, intl_vault, key_columns=["nr"])
    with pytest.raises(NoSuchColumn, match="'y'"):
        import_file(path, intl_vault, types={"y": "text"})
    with pytest.raises(NoSuchType, match="'integer'"):
        import_file(path, intl_vault, types={"x": "integer"})  # type: ignore[dict-item]


def test_missing_file_and_folder(intl_vault: Vault, tmp_path: Path) -> None:
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(UnreadableFile):
            import_file(path, intl_vault)


def test_no_permission(intl_vault: Vault, csv_file: CsvFile) -> None:
    path = csv_file("id\n1\n")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(UnreadableFile, match="Permission"):
        import_file(path, intl_vault)


def test_composite_keys(intl_vault: Vault, csv_file: CsvFile) -> None:
    import_file(csv_file("a,b\n1,12\n11,2\n1,2\n"), intl_vault, key_columns=["a", "b"])
    with pytest.raises(DuplicateIds, match="'a', 'b'"):
        import_file(csv_file("a,b\n1,12\n1,12\n"), intl_vault, key_columns=["a", "b"])


# Parquet


def parquet(tmp_path: Path, table: pa.Table, **options: object) -> Path:
    path = tmp_path / "source.bin"  # the content tells, not the name
    pq.write_table(table, path, **options)
    return path


def test_parquet_types_are_mapped(intl_vault: Vault, tmp_path: Path) -> None:
    decimal = pa.array([Decimal("1.00"), None], pa.decimal128(12, 2))
    source = pa.table(
        {
            "i": pa.array([1, None], pa.int16()),
            "u": pa.array([1, 2], pa.uint32()),
            "f": pa.array([0.5, float("nan")], pa.float32()),
            "d": decimal,
            "s": pa.array(["a", ""], pa.large_string()),
            "c": pa.array(["a", "b"]).dictionary_encode(),
            "t": pa.array([1_000_000_001, 2], pa.timestamp("ns")),
            "z": pa.array([0, 1], pa.timestamp("s", "Asia/Shanghai")),
            "y": pa.array([86_400_000, 0], pa.date64()),
            "b": [True, None],
            "n": pa.nulls(2),
        }
    )
    table = import_file(parquet(tmp_path, source), intl_vault, key_columns=["u"])
    assert list(types_of(table).values()) == [
        "int64", "int64", "float64", "float64", "text", "text",
        "timestamp", "timestamp", "date", "bool", "text",
    ]  # fmt: skip
    rows = table.to_arrow().to_pylist()
    assert rows[1]["f"] is None
    assert rows[1]["s"] is None
    assert rows[0]["d"] == 1.0
    assert rows[0]["t"].microsecond == 0
    assert rows[0]["z"] == datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def test_parquet_text_converts_to_declared_types(intl_vault: Vault, tmp_path: Path) -> None:
    source = pa.table({"x": ["1", "none", "3"], "y": [1, 2, 3]})
    path = parquet(tmp_path, source)
    table = import_file(path, intl_vault, types={"x": "int64", "y": "text"})
    assert table.to_arrow().to_pydict() == {"x": [1, None, 3], "y": ["1", "2", "3"]}
    with pytest.raises(MixedTypes, match="'x' is not all date: rows 1, 3"):
        import_file(path, intl_vault, types={"x": "date"})


@pytest.mark.parametrize(
    ("column", "error", "words"),
    [
        (pa.array([[1], [2]]), UnsupportedType, "'x'"),
        (pa.array([b"a", b"b"]), UnsupportedType, "'x'"),
        (pa.array([1.0, float("inf")]), NotFinite, "row 2"),
        (pa.array([2**63, 1], pa.uint64()), MixedTypes, "'x'"),
    ],
)
def test_parquet_that_does_not_fit(
    intl_vault: Vault, tmp_path: Path, column: pa.Array, error: type[HanseError], words: str
) -> None:
    with pytest.raises(error, match=words):
        import_file(parquet(tmp_path, pa.table({"x": column})), intl_vault)
    assert not intl_vault.list_objects()


def test_parquet_without_rows_or_with_double_names(intl_vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(HeaderOnly):
        import_file(parquet(tmp_path, pa.table({"x": pa.array([], pa.int64())})), intl_vault)
    double = pa.table([[1], [2]], names=["x", "x"])
    with pytest.raises(DuplicateColumns):
        import_file(parquet(tmp_path, double), intl_vault)
    with pytest.raises(DuplicateIds, match="rows 1, 3"):
        import_file(parquet(tmp_path, pa.table({"x": [5, 6, 5]})), intl_vault, key_columns=["x"])


def test_damaged_parquet(intl_vault: Vault, tmp_path: Path) -> None:
    path = parquet(tmp_path, pa.table({"x": list(range(10_000))}), compression="none")
    content = bytearray(path.read_bytes())
    content[20:60] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(UnreadableFile):
        import_file(path, intl_vault)


def test_csv_and_parquet_of_one_table_have_one_digest(
    intl_vault: Vault, csv_file: CsvFile, tmp_path: Path
) -> None:
    csv = import_file(
        csv_file("编号,x,w,d\n1,0.5,a,2024-01-01\n2,-0.0,NULL,\n3,,c,2024-01-03\n"), intl_vault
    )
    days = [datetime.date(2024, 1, 1), None, datetime.date(2024, 1, 3)]
    source = pa.table(
        {"编号": [1, 2, 3], "x": [0.5, 0.0, float("nan")], "w": ["a", "", "c"], "d": days}
    )
    other = import_file(parquet(tmp_path, source, row_group_size=1), intl_vault)
    assert content_digest(intl_vault.suite, csv) == content_digest(intl_vault.suite, other)
