from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.ml_runs import (
    ENCODER,
    LABELS,
    MARKER,
    ROOT,
    this_process,
    tickets,
    write_rows,
)
from training.domain.job_spec import DataFile
from training.ml.base_model import text_limits
from training.ml.data import (
    epoch_batches,
    length_batches,
    load_tokenizer,
    read_rows,
    settle_max_length,
    token_lengths,
    tokenize,
)
from training.ml.embedding import embed, load_encoder, pad_batch
from training.ml.outcomes import BadInput

MODEL = Path(ENCODER.path)


def refused(tmp_path, content):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    file = DataFile(path.name, hashlib.sha256(content).hexdigest())
    with pytest.raises(BadInput) as refusal:
        read_rows(path, file, LABELS, "TRAIN")
    return refusal.value


def test_rows_are_read_with_labels_as_positions_and_copies_as_rows(tmp_path):
    rows = [*tickets(4, seed=1, prefix="t"), *tickets(1, seed=1, prefix="t")]
    file = write_rows(tmp_path, "rows.jsonl", rows)

    read = read_rows(tmp_path / "rows.jsonl", file, LABELS, "TRAIN")

    assert read.ids == ["t0", "t1", "t2", "t3", "t0"]
    assert read.labels.tolist() == [0, 1, 2, 0, 0]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "split_empty"),
        (MARKER.encode(), "row_invalid"),
        (b"[1]\n", "row_invalid"),
        (b'{"id": 5, "text": "zebrafinch", "label": "low"}\n', "row_invalid"),
        (b'{"id": "5", "text": null, "label": "low"}\n', "row_invalid"),
        (b'{"id": "5", "text": "zebrafinch"}\n', "label_unknown"),
        (b'{"id": "5", "text": "zebrafinch", "label": ["low"]}\n', "label_unknown"),
        (b'\xff{"id"', "row_invalid"),
    ],
)
def test_a_bad_row_is_refused_by_its_line_and_never_quoted(tmp_path, content, code):
    refusal = refused(tmp_path, content)

    assert refusal.code == code
    assert MARKER not in str(refusal)


@given(
    lengths=st.lists(st.integers(2, 500), min_size=1, max_size=300),
    batch=st.integers(2, 32),
    seed=st.integers(0, 9),
)
def test_an_epoch_shows_every_row_once_whatever_the_lengths(lengths, batch, seed):
    lengths = np.array(lengths)

    batches = epoch_batches(lengths, batch, np.random.default_rng(seed))
    again = epoch_batches(lengths, batch, np.random.default_rng(seed))

    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    assert len(batches) == -(-len(lengths) // batch)
    assert all(np.array_equal(a, b) for a, b in zip(batches, again, strict=True))


def test_batches_of_similar_length_pad_far_less_than_random_ones():
    rng = np.random.default_rng(0)
    lengths = rng.integers(8, 128, size=512)

    def computed(batches):
        return sum(len(rows) * lengths[rows].max() for rows in batches)

    bucketed = computed(epoch_batches(lengths, 16, rng))
    random = computed(np.split(rng.permutation(512), 32))

    assert bucketed < 1.15 * lengths.sum()
    assert random > 1.6 * lengths.sum()


def test_batches_for_reading_begin_with_the_longest():
    lengths = np.array([3, 9, 1, 7, 5])

    batches = [rows.tolist() for rows in length_batches(lengths, 2)]

    assert batches == [[1, 3], [4, 0], [2]]


@pytest.mark.parametrize(
    ("given_length", "lengths", "settled"),
    [
        ("auto", [10] * 99 + [300], 64),
        ("auto", [10] * 90 + [100] * 10, 128),
        ("auto", [900] * 10, 256),
        (48, [900] * 10, 48),
        (512, [10], 512),
    ],
)
def test_the_length_read_follows_the_data_up_to_the_encoder(
    given_length, lengths, settled
):
    limits = text_limits(MODEL)

    assert limits == (256, 512)
    assert settle_max_length(given_length, np.array(lengths), *limits) == settled


def test_more_tokens_than_the_encoder_has_positions_are_refused():
    with pytest.raises(BadInput, match="max_length=512"):
        settle_max_length(512, np.array([10]), 128, 128)


def test_cut_texts_keep_their_end_token_and_are_counted():
    tokenizer = load_tokenizer(MODEL)
    texts = ["link down", "link " * 50, ""]

    lengths = token_lengths(tokenizer, texts)
    tokens = tokenize(tokenizer, texts, 16)

    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    assert lengths.tolist() == [4, 52, 2]
    assert tokens.lengths.tolist() == [4, 16, 2]
    assert tokens.truncated == 1
    assert all((ids[0], ids[-1]) == (cls, sep) for ids in tokens.ids)


def test_padding_is_masked():
    tokens = tokenize(load_tokenizer(MODEL), ["link down", "link down again"], 16)

    ids, mask = pad_batch(tokens, np.array([1, 0]))

    assert ids.shape == mask.shape == (2, 5)
    assert mask.tolist() == [[1] * 5, [1] * 4 + [0]]
    assert ids[1, 4] == tokens.pad_id


@pytest.mark.slow
def test_embeddings_are_those_of_the_published_model(tmp_path):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    texts = ["BGP session down", "please rename the port " * 9, "BGP session down"]
    tokens = tokenize(load_tokenizer(MODEL), texts, 256)

    ours = embed(load_encoder(MODEL), tokens, this_process(tmp_path))

    published = sentence_transformers.SentenceTransformer(ENCODER.path, device="cpu")
    assert ours == pytest.approx(published.encode(texts), abs=1e-6)


def test_the_training_process_needs_no_django():
    program = (
        "import sys;"
        "from training.ml import baselines, classify, majority, predict, run, tfidf;"
        "sys.exit(any(m in sys.modules for m in ('django', 'django_q', 'argilla')))"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)

    assert done.returncode == 0
