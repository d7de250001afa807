"""The script that one writes with `transformers.Trainer`, for `train_cpu.py`.

The stock classification model (its own pooler and head) with LoRA of the same shape,
batch 16, padding to the longest of a batch, as many epochs. The learning rate is the
one of three with the best macro-F1 on DEV; the last epoch's model answers TEST.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

RATES = (1e-4, 3e-4, 1e-3)

os.environ["HF_HUB_OFFLINE"] = "1"
# As the project's own process does, so that a busy machine is no handicap.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def main(folder: Path, rates: list[float]) -> None:
    """Train with every rate; write what the best answered and say what was chosen."""
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    work = json.loads((folder / "plain.json").read_text())
    torch.set_num_threads(work["threads"] or len(os.sched_getaffinity(0)))
    tokenizer = transformers.AutoTokenizer.from_pretrained(work["encoder"])
    splits = {
        name: encoded(folder / f"{name}.jsonl", work, tokenizer)
        for name in ("train", "dev", "test")
    }
    tried = []
    for rate in rates:
        trainer = trained(folder, work, tokenizer, splits, rate)
        score = macro_f1(trainer.predict(splits["dev"]), len(work["labels"]))
        tried.append((score, rate, trainer.predict(splits["test"])))
        print(f"    rate {rate:g}: macro-F1 on DEV {score:.3f}", flush=True)
    _, rate, answers = max(tried, key=lambda one: one[0])
    chosen = answers.predictions.argmax(-1).tolist()
    (folder / "plain_answers.json").write_text(json.dumps(chosen))
    print(f"    chosen {rate:g}")


def encoded(path: Path, work: dict[str, Any], tokenizer: Any) -> list[dict[str, Any]]:
    """A split as token ids; the collator pads."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    made = tokenizer(
        [row["text"] for row in rows], truncation=True, max_length=work["tokens"]
    )
    return [
        {"input_ids": ids, "labels": work["labels"].index(row["label"])}
        for ids, row in zip(made["input_ids"], rows, strict=True)
    ]


def trained(
    folder: Path, work: dict[str, Any], tokenizer: Any, splits: Any, rate: float
) -> Any:
    """A trainer that has trained."""
    import peft
    import transformers

    transformers.set_seed(work["seed"])
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        work["encoder"], num_labels=len(work["labels"]), local_files_only=True
    )
    config = peft.LoraConfig(
        task_type="SEQ_CLS", r=16, lora_alpha=32, lora_dropout=0.05,
        target_modules="all-linear", modules_to_save=["classifier"],
    )  # fmt: skip
    arguments = transformers.TrainingArguments(
        output_dir=str(folder / "plain"), num_train_epochs=work["epochs"],
        per_device_train_batch_size=16, per_device_eval_batch_size=32,
        learning_rate=rate, seed=work["seed"], use_cpu=True, report_to=[],
        save_strategy="no", disable_tqdm=True, logging_strategy="no",
    )  # fmt: skip
    trainer = transformers.Trainer(
        model=peft.get_peft_model(model, config),
        args=arguments,
        train_dataset=splits["train"],
        data_collator=transformers.DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
    )
    trainer.train()
    return trainer


def macro_f1(answers: Any, labels: int) -> float:
    """Macro-F1 over the labels that occur."""
    from sklearn.metrics import f1_score

    return float(
        f1_score(
            answers.label_ids, answers.predictions.argmax(-1), average="macro",
            labels=sorted(set(answers.label_ids.tolist())),
        )
    )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), [float(rate) for rate in sys.argv[2:]] or list(RATES))
