"""Templates of published models, as TRL keeps them: what of an exchange is trained."""

from __future__ import annotations

from pathlib import Path

import pytest
import trl
from tokenizers import AddedToken, Tokenizer

from netft_site.base.refusals import Refused
from tests.training.tiny_models import chat_model
from training.domain.exchange_tokens import encode_exchange
from training.domain.model_template import ModelTemplate
from training.domain.model_tokens import ModelTokens
from training.domain.tasks import Turns

PLACE = Path(trl.__file__).parent / "chat_templates"
TURNS = Turns("You triage tickets.", "Core router down.", "Severity: critical\n\nCut.")
# The tokens that each family opens a text with, if any, and ends a turn with.
SOUND = {
    "llama3": ("<|begin_of_text|>", "<|eot_id|>"),
    "llama3_1": ("<|begin_of_text|>", "<|eot_id|>"),
    "llama3_2": ("<|begin_of_text|>", "<|eot_id|>"),
    "phi3": (None, "<|end|>"),
    "qwen2_5": (None, "<|im_end|>"),
    "qwen3": (None, "<|im_end|>"),
    "qwen3_instruct_2507": (None, "<|im_end|>"),
}


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory) -> str:
    return str(chat_model(tmp_path_factory.mktemp("any"), "qwen2") / "tokenizer.json")


def model_of(tokenizer_file, name, bos, end) -> ModelTokens:
    """A model with a template and just the special tokens that matter here."""
    tokenizer = Tokenizer.from_file(tokenizer_file)
    words = [word for word in (bos, end) if word]
    tokenizer.add_special_tokens([AddedToken(word, special=True) for word in words])
    ids = [tokenizer.token_to_id(word) for word in words]
    names = {"eos_token": end, **({"bos_token": bos} if bos else {})}
    template = ModelTemplate((PLACE / f"{name}.jinja").read_text(), names)
    return ModelTokens(
        tokenizer,
        template,
        stops=frozenset(ids[-1:]),
        special=frozenset(ids),
        bos=ids[0] if bos else None,
        eos=ids[-1],
    )


@pytest.mark.parametrize("name", SOUND)
def test_published_templates_train_the_answer_and_its_end(tokenizer_file, name):
    bos, end = SOUND[name]

    encoded = encode_exchange(model_of(tokenizer_file, name, bos, end), TURNS)

    trained = "".join(piece.text for piece in encoded.pieces if piece.is_trained)
    assert [finding.rule for finding in encoded.checks] == []
    assert trained == f"{TURNS.assistant}{end}"


def test_a_template_that_takes_no_system_turn_is_refused_by_name(tokenizer_file):
    model = model_of(tokenizer_file, "gemma", "<bos>", "<end_of_turn>")

    with pytest.raises(Refused) as refusal:
        encode_exchange(model, TURNS)

    assert refusal.value.code == "system_refused"


def test_a_date_in_a_template_is_the_same_every_day(tokenizer_file):
    model = model_of(tokenizer_file, "llama3_2", *SOUND["llama3_2"])

    assert "26 Jul 2024" in encode_exchange(model, TURNS).text
