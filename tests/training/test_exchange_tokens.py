"""Trained is the answer with the end of its turn, by the model's own template."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import transformers
from tokenizers import Tokenizer

from netft_site.base.refusals import Refused
from tests.training import tiny_models
from training.domain.base_folder import Papers
from training.domain.exchange_tokens import encode_exchange, encode_text
from training.domain.model_tokens import ModelTokens, asked, said
from training.domain.row_tokens import Wording, encode_row
from training.domain.rows import Row
from training.domain.tasks import Turns

FAMILIES = list(tiny_models.CHATS)
TURNS = Turns(
    "You triage tickets.",
    "Core router down: \u00fcplink \U0001f525 lost\n\nall sites without service",
    "Severity: critical\n\nFibre cut.",
)
# As some templates in the field: the system turn is written only where the last turn is
# the user's.
FORGETFUL = (
    "{%- if messages[0]['role'] == 'system' %}{%- set system = messages[0]['content'] "
    "%}{%- set turns = messages[1:] %}{%- else %}{%- set turns = messages %}"
    "{%- endif %}{{- bos_token }}{%- for message in turns %}"
    "{%- if message['role'] == 'user' %}{%- if loop.last and system is defined %}"
    "{{- '[INST]' + system + '\n\n' + message['content'] + '[/INST]' }}{%- else %}"
    "{{- '[INST]' + message['content'] + '[/INST]' }}{%- endif %}{%- else %}"
    "{{- ' ' + message['content'] + eos_token }}{%- endif %}{%- endfor %}"
)


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp(request.param)
    return tiny_models.chat_model(place, request.param)


@pytest.fixture
def model(folder) -> ModelTokens:
    return model_tokens(folder)


def model_tokens(folder, **papers) -> ModelTokens:
    found = {
        "config": json.loads((folder / "config.json").read_text()),
        "tokenizer_config": json.loads((folder / "tokenizer_config.json").read_text()),
        "generation": json.loads((folder / "generation_config.json").read_text()),
        "sentences": {},
        "template_file": (folder / "chat_template.jinja").read_text(),
    }
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return ModelTokens.of(Papers(**{**found, **papers}), tokenizer)


def of_family(tmp_path, family, **changes) -> ModelTokens:
    return model_tokens(tiny_models.chat_model(tmp_path, family, **changes))


def rules(encoded) -> set[str]:
    return {finding.rule for finding in encoded.checks}


def trained_text(encoded) -> str:
    return "".join(piece.text for piece in encoded.pieces if piece.is_trained)


def test_the_tokens_are_those_that_transformers_makes(folder, model):
    words = json.loads((folder / "tokenizer_config.json").read_text())
    theirs = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), **words
    )
    theirs.chat_template = (folder / "chat_template.jinja").read_text()

    encoded = encode_exchange(model, TURNS)

    messages = [*asked(TURNS), said(TURNS)]
    whole = theirs.apply_chat_template(messages, return_dict=False)
    prompt = theirs.apply_chat_template(
        asked(TURNS), add_generation_prompt=True, return_dict=False
    )
    assert list(encoded.ids) == whole
    assert list(encoded.prompt_ids) == prompt
    assert encoded.text == theirs.apply_chat_template(messages, tokenize=False)


@pytest.mark.parametrize(
    "source",
    [
        "{%- for m in messages %}{%- if m.role == 'x' %}{%- continue %}{%- endif %}"
        "{% generation %}{{ m | tojson }}{% endgeneration %}\n  {% endfor %}",
        "{{ bos_token }}{%- set ns = namespace(n=0) %}\n{% for m in messages %}\n"
        "    {%- set ns.n = ns.n + 1 %}\n    {{ ns.n }} {{ m.content | upper }}\n"
        "{% endfor %}{{ tools is none }}{% if documents %}x{% endif %}",
    ],
)
def test_a_template_is_rendered_as_transformers_renders_it(folder, model, source):
    theirs = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), **model.template.tokens
    )
    ours = type(model.template)(source, model.template.tokens)
    messages = [*asked(TURNS), said(TURNS)]

    text = ours.render(messages)

    assert text == theirs.apply_chat_template(
        messages, chat_template=source, tokenize=False
    )


def test_exactly_the_answer_and_its_end_of_turn_are_trained(folder, model):
    end = json.loads((folder / "tokenizer_config.json").read_text())["eos_token"]

    encoded = encode_exchange(model, TURNS)

    assert trained_text(encoded) == f"{TURNS.assistant}{end}"
    assert encoded.answer_ids[-1] == model.tokenizer.token_to_id(end)
    assert encoded.ids[: encoded.prompt] == encoded.prompt_ids
    assert not any(encoded.trained[: encoded.prompt])
    assert encoded.is_sound


def test_what_the_template_writes_after_the_end_of_turn_is_not_trained(tmp_path):
    encoded = encode_exchange(of_family(tmp_path, "qwen2"), TURNS)

    assert encoded.text.endswith("<|im_end|>\n")
    assert encoded.trained[-2:] == (True, False)


def test_the_pieces_joined_are_the_text(model):
    encoded = encode_exchange(model, TURNS)

    assert "".join(piece.text for piece in encoded.pieces) == encoded.text
    assert [piece.id for piece in encoded.pieces] == list(encoded.ids)


def test_the_opening_token_stands_once_though_the_tokenizer_adds_one_too(tmp_path):
    model = of_family(tmp_path, "llama")

    encoded = encode_exchange(model, TURNS)

    assert encoded.ids.count(model.bos) == 1
    assert model.tokenizer.encode("x").ids[0] == model.bos


@pytest.mark.parametrize(
    ("family", "old", "new"),
    [
        ("llama", "bos_token + content", "bos_token + bos_token + content"),
        ("llama", "bos_token + content", "content"),
        ("mistral", "{{- bos_token }}", ""),
    ],
)
def test_an_opening_token_twice_or_never_is_an_error(tmp_path, family, old, new):
    template = tiny_models.CHATS[family].template.replace(old, new)

    encoded = encode_exchange(of_family(tmp_path, family, template=template), TURNS)

    assert rules(encoded) == {"bos_not_once"}


def test_an_end_of_turn_that_generation_does_not_stop_at_is_an_error(tmp_path):
    model = of_family(
        tmp_path,
        "qwen2",
        tokenizer_config={"eos_token": "<|endoftext|>"},
        generation={"eos_token_id": 0},
    )

    encoded = encode_exchange(model, TURNS)

    assert rules(encoded) == {"no_end_of_turn_trained"}


def test_a_template_that_loses_the_system_turn_is_an_error(tmp_path):
    encoded = encode_exchange(of_family(tmp_path, "mistral", template=FORGETFUL), TURNS)

    assert {"prefix_mismatch", "content_lost", "nothing_trained"} <= rules(encoded)
    assert not any(encoded.trained)


def test_a_template_without_a_generation_prompt_is_an_error(tmp_path):
    encoded = encode_exchange(
        of_family(tmp_path, "qwen2", template=tiny_models.CHATML), TURNS
    )

    assert rules(encoded) == {"answer_moved", "nothing_trained"}


def test_a_prompt_that_grows_into_the_answer_is_an_error(tmp_path):
    """The last word of the prompt goes on in the answer: one token over the border."""
    template = tiny_models.QWEN.replace("assistant\\n", "assistant\\nco").replace(
        "message.role + '\\n'", "message.role + '\\nco'"
    )
    model = of_family(tmp_path, "qwen2", template=template)

    encoded = encode_exchange(model, Turns("s", "u", "re router down"))

    assert {"prefix_mismatch", "nothing_trained"} <= rules(encoded)


def test_a_template_that_refuses_a_system_turn_refuses_by_name(tmp_path):
    template = tiny_models.CHATS["mistral"].template.replace("'system'", "'tool'")
    model = of_family(tmp_path, "mistral", template=template)

    with pytest.raises(Refused) as refusal:
        encode_exchange(model, TURNS)

    assert refusal.value.code == "system_refused"


def test_a_model_without_a_template_is_refused(tmp_path):
    folder = tiny_models.chat_model(tmp_path, "qwen2")

    with pytest.raises(Refused) as refusal:
        model_tokens(folder, template_file="")

    assert refusal.value.code == "no_template"


def test_a_forged_end_of_turn_is_an_error(folder, model):
    end = json.loads((folder / "tokenizer_config.json").read_text())["eos_token"]
    forged = Turns(TURNS.system, f"{TURNS.user}{end}", TURNS.assistant)

    assert "forged_turn" in rules(encode_exchange(model, forged))


def test_an_answer_beyond_the_limit_is_an_error_and_stays_whole(model):
    whole = encode_exchange(model, TURNS)

    encoded = encode_exchange(model, TURNS, max_length=len(whole.ids) - 1)

    assert rules(encoded) == {"answer_truncated"}
    assert encoded.ids == whole.ids
    assert encode_exchange(model, TURNS, max_length=len(whole.ids)).is_sound


def test_an_empty_answer_is_an_error(model):
    encoded = encode_exchange(model, Turns("s", "u", "  \n"))

    assert {"empty_row", "nothing_trained"} <= rules(encoded)


def test_a_padding_token_among_the_learned_ones_is_an_error(tmp_path):
    model = of_family(tmp_path, "qwen2", tokenizer_config={"pad_token": ":"})

    encoded = encode_exchange(model, TURNS)

    assert rules(encoded) == {"pad_trained"}


def test_domain_text_is_learned_whole_with_its_ends(folder, model):
    (encoded,) = encode_text(model, "Standard 7: uplinks are redundant.")

    assert all(encoded.trained)
    assert encoded.ids[-1] == model.end
    assert (encoded.ids[0] == model.bos) == (model.bos is not None)
    assert encoded.is_sound


def test_a_long_document_is_read_in_windows(model):
    (whole,) = encode_text(model, "uplink lost " * 40)

    windows = encode_text(model, "uplink lost " * 40, max_length=32)

    assert sum((w.ids for w in windows), ()) == whole.ids
    assert {len(w.ids) for w in windows[:-1]} == {32}
    assert "".join(w.text for w in windows) == whole.text
    pieces = [piece.text for window in windows for piece in window.pieces]
    assert "".join(pieces) == whole.text


WORDING = Wording(
    ({"key": "critical"}, {"key": "low"}),
    (),
    {"severity": "1", "preference": "1", "domain_text": "1"},
)


def test_a_row_is_read_in_the_words_of_its_dataset(model):
    row = Row("T1", "Router down.", "critical", "TRAIN")

    (encoded,) = encode_row(model, row, WORDING)

    assert "Severity: critical" in trained_text(encoded)
    assert "Router down." in encoded.text
    assert "Router down." not in trained_text(encoded)


def test_a_marker_in_a_ticket_is_broken_as_in_the_exports(tmp_path):
    row = Row("T1", "Down <|im_end|> now", "critical", "TRAIN")

    (encoded,) = encode_row(of_family(tmp_path, "qwen2"), row, WORDING)

    assert encoded.is_sound
    assert "Down <\u00b7|im_end|> now" in encoded.text


def test_a_preference_gives_two_answers_to_one_prompt(model):
    row = Row(
        "T1", "Router down.", "", "TRAIN",
        answer="Call the site.", rejected="Wait.", task="preference",
    )  # fmt: skip

    better, worse = encode_row(model, row, WORDING)

    assert better.prompt_ids == worse.prompt_ids
    assert trained_text(better).startswith("Call the site.")
    assert trained_text(worse).startswith("Wait.")
