"""Count tokens as a base model does, without loading the model.

Only the tokenizer file is read, by the Rust tokenizer alone; web and worker processes
never load torch.
"""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer

from netft_site.base.refusals import Refused
from training.domain.file_checks import TokenLimit
from training.models import BaseModel
from training.services.base_models import files_of


def token_limit(*, base: BaseModel) -> TokenLimit:
    """Return how a base model counts tokens, special ones included, and its limit.

    Raises Refused (``no_tokenizer``) for a base that reads no tokens.
    """
    files = files_of(base)
    path = Path(files.path) / "tokenizer.json" if files else None
    if path is None or not path.is_file() or not base.context_length:
        raise Refused("no_tokenizer", f"{base.name} has no tokenizer to count with.")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return TokenLimit(lambda text: len(tokenizer.encode(text).ids), base.context_length)
