"""Tokenizers of registered bases, without the model that they belong to.

Only the tokenizer file is read, by the Rust tokenizer alone; web and worker processes
never load torch.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tokenizers import Tokenizer

from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from training.domain.file_checks import TokenLimit
from training.models import BaseModel
from training.services.base_models import files_of


def token_limit(*, base: BaseModel) -> TokenLimit:
    """Return how a base model counts tokens, special ones included, and its limit.

    Raises Refused (``no_tokenizer``) for a base that reads no tokens.
    """
    path = tokenizer_file(base)
    if not base.context_length:
        raise _no_tokenizer(base)
    tokenizer = load(str(path), sha256_of(path))
    return TokenLimit(lambda text: len(tokenizer.encode(text).ids), base.context_length)


def countable() -> list[BaseModel]:
    """The registered bases that read tokens by a tokenizer of their own."""
    classical = BaseModel.Architecture.CLASSICAL
    return list(BaseModel.objects.exclude(architecture=classical))


@lru_cache(maxsize=4)
def load(path: str, digest: str) -> Tokenizer:
    """The tokenizer of a file; by its hash as well, so that a new one is read anew."""
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def tokenizer_file(base: BaseModel) -> Path:
    """Where a base's tokenizer is. Raises Refused (``no_tokenizer``)."""
    files = files_of(base)
    path = Path(files.path) / "tokenizer.json" if files else None
    if path is None or not path.is_file():
        raise _no_tokenizer(base)
    return path


def _no_tokenizer(base: BaseModel) -> Refused:
    return Refused("no_tokenizer", f"{base.name} has no tokenizer to count with.")
