"""What the losses of a run say about overfitting, in one sentence.

Only directions are compared: the training loss is weighted by class and averaged while
the weights still move, so its level cannot be held against that of DEV.
"""

from __future__ import annotations

from collections.abc import Sequence

from training.domain.run_files import EpochRecord

# Below these, a change of the loss on a DEV of a few hundred rows is noise.
_RISE = 0.05
_FALL = 0.01


def verdict(history: Sequence[EpochRecord], best: EpochRecord) -> str:
    """Judge a fine-tune; empty for a baseline, which takes no steps.

    Overfitting is said where the loss on DEV has risen by more than 5 % from its
    lowest point while the training loss went on falling.
    """
    trained = [record for record in history if record.step > 0]
    if not trained:
        return ""
    if best.step == 0:
        return _not_better(best)
    last = trained[-1]
    lowest = min(trained, key=lambda record: record.dev_loss)
    rise = last.dev_loss / lowest.dev_loss - 1 if lowest.dev_loss else 0.0
    kept = f"{_place(best).capitalize()} is kept."
    if rise > _RISE and _fell(lowest, last):
        return (
            f"Overfitting after {_place(lowest)}: the loss on DEV rose {rise:.0%} "
            f"while the training loss fell. {kept}"
        )
    before = history[-2]
    if best.step == last.step and last.dev_loss < before.dev_loss * (1 - _FALL):
        return "Still improving at the last epoch: more epochs may help."
    return f"No sign of overfitting. {kept}"


def _not_better(start: EpochRecord) -> str:
    beaten = "the frozen encoder" if _judges(start) else "the model it started from"
    return (
        f"Fine-tuning did not beat {beaten} on DEV: the model kept is the starting "
        "point."
    )


def _place(record: EpochRecord) -> str:
    """Where a look at DEV was; of a model that writes there are several an epoch."""
    return f"epoch {record.epoch}" if _judges(record) else f"step {record.step}"


def _judges(record: EpochRecord) -> bool:
    return record.dev_macro_f1 is not None


def _fell(before: EpochRecord, after: EpochRecord) -> bool:
    if before.train_loss is None or after.train_loss is None:
        return False
    return after.train_loss < before.train_loss
