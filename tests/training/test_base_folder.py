"""What a folder says of itself: kinds of models, hashes, and what is unfit."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netft_site.base.refusals import Refused
from training.domain.base_folder import (
    Papers,
    count_parameters,
    joint_sha256,
    positions,
    read_shape,
    weight_files,
)

BERT = {"model_type": "bert", "max_position_embeddings": 512}
QWEN = {
    "model_type": "qwen2",
    "architectures": ["Qwen2ForCausalLM"],
    "max_position_embeddings": 32_768,
    "eos_token_id": 5,
}
WHOLE = "model.safetensors"


def papers(config=BERT, tokenizer=None, generation=None, sentences=None, template=""):
    return Papers(config, tokenizer or {}, generation or {}, sentences or {}, template)


def code_of(call) -> str:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code


def safetensors(tensors: dict, data: bytes) -> bytes:
    header = json.dumps(tensors).encode()
    return len(header).to_bytes(8, "little") + header + data


def tensor(dtype: str, shape: list[int], begin: int, end: int) -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    ("config", "sentences", "told"),
    [
        (BERT, None, ("ENCODER", 512)),
        (BERT, {"max_seq_length": 256}, ("ENCODER", 256)),
        ({**BERT, "model_type": "xlm-roberta", "max_position_embeddings": 514}, None,
         ("ENCODER", 512)),
        (QWEN, None, ("CAUSAL", 32_768)),
    ],
)  # fmt: skip
def test_the_kind_of_model_and_what_it_reads(config, sentences, told):
    shape = read_shape(papers(config, sentences=sentences))

    assert (shape.architecture, shape.context_length) == told


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (papers({**BERT, "auto_map": {"AutoModel": "own.py"}}), "remote_code"),
        (papers(tokenizer={"auto_map": {"AutoTokenizer": ["own.py"]}}), "remote_code"),
        (papers({"model_type": "t5", "n_positions": 512}), "architecture_unknown"),
        (papers({}), "architecture_unknown"),
        (papers({"model_type": "bert"}), "config_invalid"),
        (papers({**BERT, "max_position_embeddings": "many"}), "config_invalid"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_code(given, code):
    assert code_of(lambda: read_shape(given)) == code


def test_the_template_is_the_files_then_the_default_of_several():
    named = [{"name": "tool", "template": "T"}, {"name": "default", "template": "D"}]
    tokenizer = {"chat_template": named}

    assert read_shape(papers(QWEN, tokenizer)).template == "D"
    assert read_shape(papers(QWEN, tokenizer, template="F")).template == "F"
    assert read_shape(papers(QWEN, {"chat_template": "S"})).template == "S"
    assert read_shape(papers(QWEN)).template_sha256 == ""


def test_the_hash_of_a_template_knows_what_ends_a_turn():
    def of(**more):
        return read_shape(papers(QWEN, template="F", **more)).template_sha256

    told = {
        of(),
        of(tokenizer={"eos_token": "<|im_end|>"}),
        of(generation={"eos_token_id": [5, 7]}),
        read_shape(papers(QWEN, template="G")).template_sha256,
    }

    assert len(told) == 4
    assert of() == of(generation={"temperature": 0.7})


def test_weights_are_one_file_or_all_the_shards_of_the_index():
    index = {"weight_map": {"b": "model-2.safetensors", "a": "model-1.safetensors"}}
    shards = frozenset(("model-1.safetensors", "model-2.safetensors"))

    assert weight_files(frozenset((WHOLE, "pytorch_model.bin")), {}) == (WHOLE,)
    assert weight_files(shards, index) == tuple(sorted(shards))


@pytest.mark.parametrize(
    ("names", "index", "code"),
    [
        (("pytorch_model.bin",), {}, "unsafe_weights"),
        (("weights.pt",), {}, "unsafe_weights"),
        (("readme.md",), {}, "base_model_missing"),
        (("a.safetensors",), {"weight_map": {"x": "b.safetensors"}}, "shard_missing"),
        ((), {"weight_map": {"x": "../other/a.safetensors"}}, "shard_missing"),
    ],
)
def test_weights_that_are_not_safe_or_not_whole_are_refused(names, index, code):
    assert code_of(lambda: weight_files(frozenset(names), index)) == code


def test_the_hash_of_shards_is_that_of_their_list():
    digests = {"b": "2" * 64, "a": "1" * 64}
    listed = f"{'1' * 64}  a\n{'2' * 64}  b\n"

    assert joint_sha256(digests) == hashlib.sha256(listed.encode()).hexdigest()
    assert joint_sha256({WHOLE: "3" * 64}) == "3" * 64


def test_parameters_are_the_numbers_of_floating_tensors():
    data = b"\0" * 40
    found = safetensors(
        {
            "__metadata__": {"format": "pt"},
            "w": tensor("BF16", [3, 4], 0, 24),
            "ids": tensor("I64", [2], 24, 40),
        },
        data,
    )

    assert count_parameters(found, len(found)) == 12


@pytest.mark.parametrize("cut", [1, 40])
def test_a_file_that_is_not_whole_is_corrupt(cut):
    found = safetensors({"w": tensor("F32", [10], 0, 40)}, b"\0" * 40)

    assert (
        code_of(lambda: count_parameters(found, len(found) - cut)) == "weights_corrupt"
    )


def refusal_of(call) -> str:
    try:
        call()
    except Refused as refusal:
        return refusal.code
    return ""


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader_of_headers(begin):
    told = refusal_of(lambda: count_parameters(begin, len(begin)))

    assert told in ("", "weights_corrupt")


keys = st.text() | st.sampled_from(
    ["model_type", "architectures", "max_position_embeddings", "auto_map"]
)
odd = st.none() | st.integers() | st.text() | st.lists(st.text())


@given(st.dictionaries(keys, odd))
def test_no_configuration_breaks_the_reader(config):
    for call in (lambda: read_shape(papers(config)), lambda: positions(config)):
        told = refusal_of(call)

        assert told in ("", "architecture_unknown", "config_invalid", "remote_code")
