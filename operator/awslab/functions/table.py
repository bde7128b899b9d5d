"""A CSV object of S3 as a stream of rows, whatever its size."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO, cast

from .clients import client
from .columns import TEXT, BadValue, Column, Reader, quoted, shown
from .errors import InputGone, InvalidSettings, doing
from .exact import Value
from .state import Input, Step

SETTINGS = ("delimiter", "quote", "encoding")
"""How the file is written: settings of each function that reads CSV."""

MAX_COLUMNS = 1000
_BUFFER = 1 << 20
_LINE = 1 << 20
_KINDS = {
    b"PK\x03\x04": "a zip archive (an .xlsx workbook is one too)",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF document",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
}
_WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Unreadable(Exception):
    """From here on the content is no CSV; the message is a sentence."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(f"row {row}: {reason}" if row else reason)
        self.row = row


@dataclass(frozen=True)
class Format:
    """How a file is written."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"

    @classmethod
    def of(cls, step: Step) -> Format:
        """Read the settings; raises InvalidSettings."""
        chosen = cls(step.text("delimiter", ","), step.text("quote", '"'), step.text("encoding", "utf-8"))
        for name in ("delimiter", "quote"):
            if len(getattr(chosen, name)) != 1:
                raise InvalidSettings(f"{name} is {getattr(chosen, name)!r}; it has to be one character")
        try:
            return cls(chosen.delimiter, chosen.quote, _text_codec(chosen.encoding))
        except LookupError as error:
            raise InvalidSettings(f"encoding: {error}; such as utf-8, latin-1, cp1252 or utf-16") from error


def _text_codec(name: str) -> str:
    "".encode(name)
    return codecs.lookup(name).name


class Table:
    """The header and the rows of a file.

    Rows are numbered as a spreadsheet does it: the header is row 1. Lines without any cell hold no record; they are
    numbered and counted, but not given.
    """

    def __init__(self, text: TextIO, form: Format) -> None:
        self.blank = 0
        self._encoding = form.encoding
        self._last = 0
        reader = csv.reader(_lines(text), delimiter=form.delimiter, quotechar=form.quote, strict=True)
        self._cells = self._readable(reader)
        self.header = self._header()

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Give number and cells of each record; raises Unreadable."""
        for number, cells in enumerate(self._cells, self._last + 1):
            self._last = number
            if cells:
                yield number, cells
            else:
                self.blank += 1

    def _header(self) -> list[str]:
        for number, cells in enumerate(self._cells, 1):
            self._last = number
            if cells:
                return [cell.strip() for cell in cells]
        raise Unreadable(0, "the file holds nothing but blank lines" if self._last else "the file is empty")

    def _readable(self, reader: Iterator[list[str]]) -> Iterator[list[str]]:
        number = 0
        try:
            for number, cells in enumerate(reader, 1):  # noqa: B007 - the number is for the error
                yield cells
        except csv.Error as error:
            raise Unreadable(number + 1, _csv_reason(error)) from error
        except UnicodeError as error:
            raise Unreadable(number + 1, f"the text is not {self._encoding}") from error


def _csv_reason(error: csv.Error) -> str:
    told = str(error)
    if "field limit" in told or "unexpected end" in told:
        return "a quote is opened and not closed, or a cell is longer than 131072 characters"
    if "expected after" in told:
        return "text follows a closing quote; a quote within a cell has to be doubled"
    return f"this is not CSV: {told}"


def _lines(text: TextIO) -> Iterator[str]:
    """Give lines, and refuse one so long that no memory would hold it."""
    read = text.readline
    while line := read(_LINE):
        if len(line) == _LINE:
            raise csv.Error(f"a line is longer than {_LINE} characters")
        yield line


@contextmanager
def opened(source: Input, form: Format) -> Iterator[Table]:
    """Open exactly the version of the run; raises InputGone, and Unreadable for what is no text."""
    with doing(f"read {source.key}", absent=InputGone, hint="was it deleted or replaced, or may the role not read it?"):
        body = client("s3").get_object(Bucket=source.bucket, Key=source.key, **source.pin)["Body"]
        try:
            yield Table(_text(body, form), form)
        finally:
            body.close()


def _text(body: Any, form: Format) -> TextIO:
    buffer = io.BufferedReader(cast("io.RawIOBase", body), _BUFFER)
    start = buffer.peek(_BUFFER)
    _refuse_other_kinds(start, form)
    encoding = "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else form.encoding
    text = io.TextIOWrapper(buffer, encoding, errors="surrogateescape", newline="")
    text._CHUNK_SIZE = _BUFFER  # type: ignore[attr-defined]  # noqa: SLF001 - the one way to decode in larger pieces
    return text


def _refuse_other_kinds(start: bytes, form: Format) -> None:
    for magic, kind in _KINDS.items():
        if start.startswith(magic):
            raise Unreadable(0, f"the file is {kind}, not CSV text")
    if form.encoding.startswith(("utf-16", "utf-32")):
        return
    for mark, encoding in _WIDE.items():
        if start.startswith(mark):
            raise Unreadable(0, f"the file is {encoding}: save it as {form.encoding}, or set encoding: {encoding}")
    if b"\x00" in start[:8192]:
        raise Unreadable(0, "the file holds binary data (zero bytes), not CSV text")


@dataclass(frozen=True)
class Layout:
    """A header held against the schema: what reads each cell of a row."""

    names: list[str]
    readers: list[Reader]
    encoding: str

    @classmethod
    def of(cls, header: list[str], columns: dict[str, Column], encoding: str) -> Layout:
        """Pair each column of the file with what reads it."""
        return cls(header, [columns[name].reader() if name in columns else TEXT for name in header], encoding)

    def values(self, cells: list[str]) -> list[Value]:
        """Read a row that has as many cells as the header; raises BadValue."""
        return [read(cell) for read, cell in zip(self.readers, cells, strict=True)]

    def faults(self, number: int, cells: list[str]) -> list[tuple[str, str]]:
        """Say what is wrong with a row: column and sentence, for each wrong cell."""
        if len(cells) != len(self.names):
            return [("", f"row {number}: {len(cells)} cells, and the header has {len(self.names)}")]
        found = []
        for name, read, cell in zip(self.names, self.readers, cells, strict=True):
            try:
                read(cell)
            except BadValue as bad:
                found.append((name, f"row {number}: {shown(name)} is {bad}"))
        return found


def header_faults(header: list[str], columns: dict[str, Column]) -> list[tuple[str, str]]:
    """Say what is wrong with a header: column and sentence."""
    if len(header) > MAX_COLUMNS:
        return [("", f"row 1: {len(header)} columns; {MAX_COLUMNS} is the most (is the delimiter right?)")]
    faults = [("", f"row 1: column {place} has no name") for place, name in enumerate(header, 1) if not name]
    faults += [(name, f"row 1: column {shown(name)} is there twice") for name in _twice(header)]
    faults += [_missing(name, header) for name in columns if name not in header]
    for name in header:
        try:
            TEXT(name)
        except BadValue as bad:
            faults.append((shown(name), f"row 1: the name {quoted(name)} is {bad}"))
    return faults


def _twice(header: list[str]) -> list[str]:
    return sorted({name for name in header if name and header.count(name) > 1})


def _missing(name: str, header: list[str]) -> tuple[str, str]:
    alike = next((other for other in header if other.casefold() == name.casefold()), None)
    there = f"there is {shown(alike)}: case counts" if alike else f"there are {', '.join(map(shown, header[:20]))}"
    return name, f"row 1: column {shown(name)} is missing; {there}"
