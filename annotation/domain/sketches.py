"""Small stand-ins for texts, in which texts that are nearly equal look alike.

A sketch is a MinHash signature (Broder, 1997) of the 5-character pieces of a masked
text, and a hash of that text for telling equal ones. Making it looks at one text only,
so a caller may keep sketches; those of another `VERSION` cannot be compared with ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from annotation.domain.masking import mask, mask_with_quotation

# The first number grows with every change of what a text's sketch is: masking
# included. A test holds the sketch of one text against it.
VERSION = f"2.{RMinHash.ALGORITHM_VERSION}"
PERMUTATIONS = 128
PIECE = 5
# A shorter quotation says too little to stand for a text of its own.
LONG_ENOUGH = 100
_SEED = 42
# Sketched at once: memory is some fifty bytes a character.
_CHUNK_CHARACTERS = 1_000_000
# Multipliers of the hash of a piece: odd, random, fixed.
_MIX = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
     0xD6E8FEB86659FD93, 0xA0761D6478BD642F],
    dtype=np.uint64,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sketches:
    """Sketches of texts and of what they quote, as columns.

    owners: the caller's number of the text. quoted: whether this is what the text
    quotes rather than the whole of it. contents: a hash of the masked text. rows: the
    signatures, shape (n, 128). An empty text has no sketch and resembles nothing.
    """

    owners: NDArray[np.int64]
    quoted: NDArray[np.bool_]
    contents: NDArray[np.uint64]
    rows: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.owners)

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> Self:
        """Several in one; without any, none."""
        every = [cls.none(), *parts]
        return cls(
            *(np.concatenate([getattr(p, f.name) for p in every]) for f in fields(cls))
        )

    @classmethod
    def none(cls) -> Self:
        """No sketches."""
        return cls(
            owners=np.zeros(0, dtype=np.int64),
            quoted=np.zeros(0, dtype=np.bool_),
            contents=np.zeros(0, dtype=np.uint64),
            rows=np.zeros((0, PERMUTATIONS), dtype=np.uint32),
        )

    @classmethod
    def of_columns(cls, columns: Mapping[str, NDArray[Any]]) -> Self:
        """What `columns` gave."""
        return cls(**{field.name: columns[field.name] for field in fields(cls)})

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def take(self, places: NDArray[Any]) -> Self:
        """Those at some places, or where a mask is true."""
        return type(self)(*(getattr(self, f.name)[places] for f in fields(self)))


def sketch(owners: Iterable[int], texts: Iterable[str]) -> Sketches:
    """Return the sketches of texts; `owners` are the caller's numbers for them."""
    parts: list[Sketches] = []
    chunk: list[tuple[int, bool, str]] = []
    characters = 0
    for owner, text in zip(owners, texts, strict=True):
        chunk.extend((owner, *face) for face in _faces(text))
        characters += len(text)
        if chunk and characters >= _CHUNK_CHARACTERS:
            parts.append(_sketches(chunk))
            chunk, characters = [], 0
    if chunk:
        parts.append(_sketches(chunk))
    return Sketches.joined(parts)


def content_of(masked: str) -> int:
    """Return the hash by which masked texts count as equal."""
    data = masked.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def masked_face(text: str, *, quoted: bool) -> str:
    """Return what was sketched of a text: the whole, or what it quotes."""
    return mask_with_quotation(text)[1] if quoted else mask(text)


def pieces(masked: Sequence[str]) -> list[NDArray[np.uint64]]:
    """Return the sorted, different 64-bit hashes of each text's 5-character pieces."""
    flat, ends = _flat_pieces(masked)
    return [_distinct(one) for one in np.split(flat, ends[:-1])]


def _faces(text: str) -> list[tuple[bool, str]]:
    whole, quotation = mask_with_quotation(text)
    faces = [(False, whole)] if whole else []
    if len(quotation) >= LONG_ENOUGH and quotation != whole:
        faces.append((True, quotation))
    return faces


def _sketches(chunk: Sequence[tuple[int, bool, str]]) -> Sketches:
    masked = [text for _, _, text in chunk]
    flat, ends = _flat_pieces(masked)
    offsets = np.concatenate([[0], ends]).astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        flat, offsets, PERMUTATIONS, _SEED
    )
    return Sketches(
        owners=np.array([owner for owner, _, _ in chunk], dtype=np.int64),
        quoted=np.array([quoted for _, quoted, _ in chunk], dtype=np.bool_),
        contents=np.array([content_of(text) for text in masked], dtype=np.uint64),
        rows=np.array(matrix.to_rows(), dtype=np.uint32).reshape(-1, PERMUTATIONS),
    )


def _flat_pieces(masked: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashes of all texts' pieces in a row, and where each text's end."""
    padded = [text.ljust(PIECE, "\0") for text in masked]
    raw = "".join(padded).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(raw, dtype="<u4").astype(np.uint64) + np.uint64(1)
    lengths = np.array([len(text) for text in padded], dtype=np.int64)
    mixed = np.zeros(max(codes.size - PIECE + 1, 0), dtype=np.uint64)
    for place in range(PIECE):
        mixed ^= codes[place : place + mixed.size] * _MIX[place]
        mixed ^= mixed >> np.uint64(29)
        mixed *= _MIX[place]
    # Pieces that reach from one text into the next are nobody's.
    own = np.ones(mixed.size, dtype=np.bool_)
    for back in range(1, PIECE):
        own[np.cumsum(lengths)[:-1] - back] = False
    return mixed[own], np.cumsum(lengths - PIECE + 1)


def _distinct(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    # `np.unique` takes several times as long on so few.
    ordered = np.sort(hashes)
    is_new = np.ones(ordered.size, dtype=np.bool_)
    is_new[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_new]
