"""What the folder of a base model says of itself, and what makes it unfit to use.

A folder in the form that `transformers` saves: config.json, tokenizer.json and weights
as safetensors, in one file or in shards with an index. Weights as pickle are never
read, since reading them runs them, and a folder that needs code of its own is refused.
Nothing here opens a file: contents come in as parsed JSON or as bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from netft_site.base.refusals import Refused
from training.domain.strict_json import dump

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
GENERATION = "generation_config.json"
SENTENCES = "sentence_bert_config.json"
TEMPLATE = "chat_template.jinja"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
UNSAFE = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".h5", ".msgpack")
"""Endings of weights whose reading runs code, or that nothing here reads."""

_ENCODERS = {
    "albert": 0, "bert": 0, "camembert": 2, "deberta": 0, "deberta-v2": 0,
    "distilbert": 0, "electra": 0, "modernbert": 0, "mpnet": 2, "nomic_bert": 0,
    "roberta": 2, "xlm-roberta": 2,
}  # fmt: skip
"""Families that embed texts, and the positions that each keeps for padding.

Those after RoBERTa count positions from 2 on (`padding_idx + 1` in transformers)."""
_SPECIAL = ("bos_token", "eos_token", "pad_token", "unk_token", "add_bos_token")
_LONGEST_HEADER = 100_000_000
"""Bytes of a safetensors header that its own reader accepts at most."""


@dataclass(frozen=True)
class Shape:
    """What kind of model a folder holds.

    architecture: ENCODER or CAUSAL. context_length: tokens it can read.
    template: the chat template's text, empty where the model has none.
    template_sha256: hash of the template with what decides where a turn ends.
    """

    architecture: str
    family: str
    context_length: int
    template: str
    template_sha256: str


@dataclass(frozen=True)
class Papers:
    """The parsed JSON files of a folder; an absent one is empty.

    template_file: the text of chat_template.jinja, which wins over the entry in
    tokenizer_config.json as in transformers.
    """

    config: Mapping[str, Any]
    tokenizer_config: Mapping[str, Any]
    generation: Mapping[str, Any]
    sentences: Mapping[str, Any]
    template_file: str = ""


def read_shape(papers: Papers) -> Shape:
    """Say what kind of model a folder holds.

    Raises:
        Refused: it needs code of its own (``remote_code``), is of no family that is
            used here (``architecture_unknown``), or does not say how much it can read
            (``config_invalid``).
    """
    for source in (papers.config, papers.tokenizer_config):
        if source.get("auto_map"):
            raise Refused(
                "remote_code",
                "The model brings code of its own, which is never run. Use a model "
                "that the library knows by itself.",
            )
    family = str(papers.config.get("model_type", ""))
    architecture = _architecture(papers.config, family)
    template = _template(papers)
    return Shape(
        architecture,
        family,
        _context_length(papers),
        template,
        _template_sha256(papers, template) if template else "",
    )


def positions(config: Mapping[str, Any]) -> int:
    """Return how many tokens a model can read at all, by its configuration.

    Raises:
        Refused: it does not say (``config_invalid``).
    """
    found = config.get("max_position_embeddings")
    kept = _ENCODERS.get(str(config.get("model_type", "")), 0)
    if isinstance(found, int) and found > kept:
        return found - kept
    raise Refused(
        "config_invalid", f"{CONFIG} does not say how many tokens the model can read."
    )


def weight_files(names: frozenset[str], index: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the weight files of a folder, in order; ``index`` is that of the shards.

    Raises:
        Refused: none are safe to read (``unsafe_weights``), there are none
            (``base_model_missing``), or a shard is not there (``shard_missing``).
    """
    if WEIGHTS in names:
        return (WEIGHTS,)
    shards = sorted(set(map(str, index.get("weight_map", {}).values())))
    if not shards:
        if any(name.endswith(UNSAFE) for name in names):
            raise Refused(
                "unsafe_weights",
                "The weights are in a form that runs code when it is read. Save them "
                "as safetensors first.",
            )
        raise Refused("base_model_missing", f"The folder has no {WEIGHTS}.")
    strange = [name for name in shards if "/" in name or name.startswith(".")]
    missing = [name for name in shards if name not in names]
    if strange or missing:
        raise Refused(
            "shard_missing",
            f"The index names {(strange or missing)[0]}, which is not in the folder.",
        )
    return tuple(shards)


def joint_sha256(digests: Mapping[str, str]) -> str:
    """Return the hash of weights by those of their files.

    Of one file it is that file's own; of shards, of a list as `sha256sum` prints it.
    """
    if len(digests) == 1:
        return next(iter(digests.values()))
    listed = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    return hashlib.sha256(listed.encode()).hexdigest()


def count_parameters(header: bytes, size: int) -> int:
    """Count the numbers in the floating-point tensors of a safetensors file.

    ``header`` is the beginning of the file with its whole header, ``size`` that of the
    file. Format: 8 bytes little-endian length, then so much JSON, then the tensors
    (safetensors README).

    Raises:
        Refused: the file is not whole (``weights_corrupt``).
    """
    length = header_length(header)
    try:
        tensors = json.loads(header[8 : 8 + length])
        parts = [part for name, part in tensors.items() if name != "__metadata__"]
        end = max((part["data_offsets"][1] for part in parts), default=0)
        sizes = [_numbers(part) for part in parts]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise _corrupt() from error
    if 8 + length + end != size:
        raise _corrupt()
    return sum(sizes)


def header_length(begin: bytes) -> int:
    """Return the length of a safetensors header by the file's first bytes.

    Raises:
        Refused: it cannot be one (``weights_corrupt``).
    """
    length = int.from_bytes(begin[:8], "little")
    if len(begin) < 8 or not 2 <= length <= _LONGEST_HEADER:
        raise _corrupt()
    return length


def _numbers(tensor: Mapping[str, Any]) -> int:
    if not str(tensor["dtype"]).startswith(("F", "B")):
        return 0
    size = 1
    for extent in tensor["shape"]:
        size *= int(extent)
    return size


def _corrupt() -> Refused:
    return Refused(
        "weights_corrupt", "The weights are no whole safetensors file: get them again."
    )


def _architecture(config: Mapping[str, Any], family: str) -> str:
    names = config.get("architectures")
    names = names if isinstance(names, list) else []
    if any(str(name).endswith("ForCausalLM") for name in names):
        return "CAUSAL"
    if family in _ENCODERS:
        return "ENCODER"
    raise Refused(
        "architecture_unknown",
        f"{family or 'This model'} is neither a causal language model nor an encoder "
        f"of {', '.join(sorted(_ENCODERS))}.",
    )


def _context_length(papers: Papers) -> int:
    trained = papers.sentences.get("max_seq_length")
    if isinstance(trained, int) and trained > 0:
        return trained
    return positions(papers.config)


def _template(papers: Papers) -> str:
    if papers.template_file:
        return papers.template_file
    given = papers.tokenizer_config.get("chat_template")
    if isinstance(given, list):
        # Several by name; transformers takes the one called default.
        entries = (one for one in given if isinstance(one, dict))
        named = {str(one.get("name")): one.get("template") for one in entries}
        given = named.get("default")
    return given if isinstance(given, str) else ""


def _template_sha256(papers: Papers, template: str) -> str:
    marks = {name: papers.tokenizer_config.get(name) for name in _SPECIAL}
    ends = papers.generation.get("eos_token_id", papers.config.get("eos_token_id"))
    facts = {"template": template, "marks": marks, "ends": ends}
    return hashlib.sha256(dump(facts).encode()).hexdigest()
