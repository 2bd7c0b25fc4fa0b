"""What launchers write down about the game, as they write it."""

from __future__ import annotations

from pathlib import Path


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def product(code: str, path: str, *, uid: str = "") -> bytes:
    """Write a product of Battle.net's list, with fields that nobody reads around those that count."""
    language = _field(1, b"enUS") + _varint(2 << 3) + _varint(3)
    settings = _field(1, path.encode()) + _field(2, b"eu") + _varint(3 << 3) + _varint(1) + _field(10, language)
    state = _field(1, _varint(1 << 3) + _varint(1) + _field(7, b"11.2.5.63796") + _varint(9 << 3 | 1) + b"\x00" * 8)
    parts = _field(1, (uid or code).encode()) + _field(2, code.encode()) + _field(3, settings) + _field(4, state)
    return _field(1, parts + _varint(6 << 3 | 5) + b"\x01\x02\x03\x04")


def product_db(*products: bytes) -> bytes:
    """Write Battle.net's list: products, then processes and a number."""
    return b"".join(products) + _field(2, b"\x08\x01") + _varint(5 << 3) + _varint(300)


def written(file: Path, content: bytes | str) -> Path:
    """Write a file with the folders in which it lies."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
