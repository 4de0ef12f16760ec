"""One file of a run at a time: bytes <-> table or lines, and what a user reads when a file is missing or damaged."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ray_configs.errors import UserError
from rollouts.dataset.schema import TABLES, parquet_options

_FIX = "delete the run directory and collect the run again"


def parquet_bytes(table: Any) -> Any:
    """The file's bytes, as an Arrow buffer."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **parquet_options(table.schema))
    return sink.getvalue()


def json_lines_bytes(lines: Sequence[bytes]) -> Any:
    """Zstandard-compressed lines, as an Arrow buffer; no lines make an empty but valid stream."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(b"".join(line + b"\n" for line in lines))
    return sink.getvalue()


def read_bytes(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        UserError: it is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise _missing(path) from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; {_FIX}") from error


def read_table(path: Path, columns: Sequence[str] | None = None) -> Any:
    """A run's table, or some columns of it.

    Raises:
        UserError: it is missing, damaged, or lacks a column.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            absent = set(columns or TABLES[path.name].names) - set(file.schema_arrow.names)
            if absent:
                raise UserError(f"{path} lacks the column {min(absent)!r}; {_FIX}")
            return file.read(columns=columns, use_threads=False)
    except FileNotFoundError as error:
        raise _missing(path) from error
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path} is damaged ({_first_line(error)}); {_FIX}") from error


def read_json_lines(path: Path) -> list[bytes]:
    """The lines of a compressed JSON-lines file.

    Raises:
        UserError: it is missing or damaged.
    """
    try:
        with pa.input_stream(str(path), compression="zstd") as stream:
            return [line for line in stream.read().split(b"\n") if line]
    except FileNotFoundError as error:
        raise _missing(path) from error
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path} is damaged ({_first_line(error)}); {_FIX}") from error


def column_values(table: Any, name: str) -> NDArray[Any]:
    """A numeric or time column as an array; times as nanoseconds."""
    column = table[name]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    values: NDArray[Any] = np.asarray(column.to_numpy())
    return values


def rows_of(table: Any) -> list[dict[str, Any]]:
    """The rows as dicts, times as nanoseconds."""
    names = table.schema.names
    columns = [
        (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()
        for column in table.columns
    ]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _missing(path: Path) -> UserError:
    if path.parent.is_dir():
        return UserError(f"{path} is missing, so the run is torn; {_FIX}")
    return UserError(f"there is no run directory {path.parent}; give the path of a run_<id> directory")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
