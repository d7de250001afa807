"""The checks a dataset passes before it is frozen.

The facts come in as small values without text: who is in which split with which label,
which pairs resemble each other. The thresholds are those of the data-quality research;
each rule says its own. What must not stand in two splits is judged by `leak_checks`,
files by `file_checks`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from training.domain.findings import Finding, Findings, Weight
from training.domain.items import Item, Resemblance
from training.domain.leak_checks import check_leaks
from training.domain.recipe import GoldRule, Recipe, Split

# OpenAI asks for 10 examples and sees gains from 50 to 100 on.
FEWEST_EXAMPLES, FEW_EXAMPLES, MODEST_EXAMPLES = 10, 50, 100
# Datalab of cleanlab calls a class rare below a tenth of its even share.
RARE = 0.1
SHARE_TOLERANCE = 0.01
# A cluster above this share of the examples makes splits lumpy and texts alike.
LARGE_GROUP = 0.05
# Where a senior makes test tickets; the page chooses the project.
ADJUDICATION_PAGE = "/admin/annotation/verdict/adjudicate/"
_MAKE_GOLD = (
    f"Adjudicate them at {ADJUDICATION_PAGE}, as a senior: it lists contested tickets "
    "and then those settled without a senior. Where a task is about an answer, confirm "
    "the resolution or give the ideal answer as a senior. They enter the next version."
)
_HOLD_OUT_LATER = (
    "Figures on TEST tell of tickets of the same time. To measure on what came later, "
    "let the recipe hold out the latest tickets."
)
_KEPT_OLDER = (
    "They belong to a group with a later ticket, or had their split before. Figures on "
    "them do not tell of what came later."
)


def check_dataset(
    items: Sequence[Item],
    *,
    levels: Sequence[str],
    recipe: Recipe,
    resemblances: Iterable[Resemblance] = (),
    waiting_for_gold: int = 0,
    senior_share: float | None = None,
    general_share: float = 0.0,
) -> list[Finding]:
    """Return every finding over the examples of one dataset.

    `resemblances` are near pairs; exact pairs are found here by fingerprint.
    `senior_share` is what the copies reached, when the recipe has a target, and
    `general_share` what general-purpose texts did.
    """
    found = Findings()
    _check_labels(items, levels, found)
    _check_class_sizes(items, levels, recipe, found)
    _check_sizes(items, found)
    _check_scored(items, waiting_for_gold, found)
    _check_groups(items, found)
    check_leaks(items, resemblances, found)
    _check_time(items, recipe, found)
    _check_gold(recipe, waiting_for_gold, found)
    _check_target(recipe, senior_share, found)
    _check_general(recipe, general_share, found)
    return found.all()


def _check_labels(
    items: Sequence[Item], levels: Sequence[str], found: Findings
) -> None:
    for item in items:
        if item.label and item.label not in levels:
            found.add(
                Finding(
                    "label_unknown",
                    Weight.ERROR,
                    "The label is no level of the project.",
                    item.id,
                    "label",
                    "Review the ticket again with the present levels.",
                )
            )


def _check_class_sizes(
    items: Sequence[Item], levels: Sequence[str], recipe: Recipe, found: Findings
) -> None:
    labelled = [item for item in items if item.label]
    if not labelled:
        return
    # Several tasks make several examples of one ticket; it teaches its level once.
    seen = {(item.of, item.label): item.split for item in labelled}
    train = Counter(label for (_, label), split in seen.items() if split is Split.TRAIN)
    anywhere = Counter(label for _, label in seen)
    for level in levels:
        if not anywhere[level]:
            message = "No example has this level; a model cannot learn or be tested on."
            found.add(Finding("class_absent", Weight.WARNING, message, level, "label"))
        elif train[level] < recipe.min_per_class:
            found.add(
                Finding(
                    "class_too_small",
                    Weight.ERROR,
                    f"{train[level]} examples in TRAIN, {recipe.min_per_class} needed.",
                    level,
                    "label",
                    "Review more tickets of this level, or lower min_per_class.",
                )
            )
    present = [count for level, count in train.items() if level in levels]
    if present and min(present) < RARE / len(present) * sum(present):
        rarest = min(train, key=lambda level: (train[level], level))
        message = f"The rarest level has {train[rarest]} of {sum(present)} examples."
        found.add(Finding("class_rare", Weight.WARNING, message, rarest, "label"))


def _check_sizes(items: Sequence[Item], found: Findings) -> None:
    sizes = Counter({item.of: item.split for item in items}.values())
    for split in Split:
        if not sizes[split] and split in (Split.DEV, Split.CALIBRATION):
            message = "The split has no examples."
            found.add(Finding("split_empty", Weight.WARNING, message, split.value))
    count = sizes[Split.TRAIN]
    weight = _size_weight(count)
    if weight:
        message = f"{count} training examples; 50 to 100 are a start."
        found.add(Finding("few_examples", weight, message, Split.TRAIN.value))


def _check_scored(items: Sequence[Item], waiting: int, found: Findings) -> None:
    if any(item.split is Split.TEST for item in items):
        return
    message = "TEST has no examples: no model can be measured on this dataset."
    fix = "Label more tickets, or give TEST a larger share."
    if waiting:
        message += f" {waiting} tickets have no gold verdict and may not stand in it."
        fix = _MAKE_GOLD
    found.add(
        Finding("split_empty", Weight.WARNING, message, Split.TEST.value, fix=fix)
    )


def _check_groups(items: Sequence[Item], found: Findings) -> None:
    records = {item.of: item.group for item in items}
    groups = Counter(group for group in records.values() if group)
    for group, size in groups.most_common(1):
        if size >= FEWEST_EXAMPLES and size > LARGE_GROUP * len(records):
            message = (
                f"{size} of {len(records)} tickets are one incident or near copies of "
                "each other; they all stand in one split."
            )
            found.add(Finding("group_large", Weight.WARNING, message, group))


def _size_weight(count: int) -> Weight | None:
    if count < FEWEST_EXAMPLES:
        return Weight.ERROR
    if count < FEW_EXAMPLES:
        return Weight.WARNING
    return Weight.INFORMATION if count < MODEST_EXAMPLES else None


def _check_time(items: Sequence[Item], recipe: Recipe, found: Findings) -> None:
    test = [i.opened_at for i in items if i.split is Split.TEST and i.opened_at]
    train = [i.opened_at for i in items if i.split is Split.TRAIN and i.opened_at]
    if not test or not train or min(test) > max(train):
        return
    older = sum(moment <= max(train) for moment in test)
    message = (
        f"{older} of {len(test)} test tickets are no newer than the newest training "
        "ticket."
    )
    # Where splits are mixed on purpose that is so, and still good to know.
    weight, fix = Weight.INFORMATION, _HOLD_OUT_LATER
    if recipe.test.is_temporal:
        weight, fix = Weight.WARNING, _KEPT_OLDER
    found.add(Finding("test_before_train", weight, message, "TEST", fix=fix))


def _check_gold(recipe: Recipe, waiting: int, found: Findings) -> None:
    if recipe.gold_rule is GoldRule.SINGLE_SOURCE:
        message = "Labels rest on a single source; there is no human ceiling."
        found.add(Finding("single_source", Weight.WARNING, message))
    if waiting:
        found.add(
            Finding(
                "gold_waiting",
                Weight.WARNING,
                f"{waiting} tickets of TEST and CALIBRATION have no gold verdict and "
                "are left out.",
                fix=_MAKE_GOLD,
            )
        )


def _check_general(recipe: Recipe, reached: float, found: Findings) -> None:
    if reached < recipe.general_share - SHARE_TOLERANCE:
        message = (
            f"General-purpose texts reach {reached:.0%} of TRAIN, "
            f"{recipe.general_share:.0%} were asked for; there are no more."
        )
        fix = "Import more records with the origin general."
        found.add(Finding("general_share_missed", Weight.WARNING, message, fix=fix))


def _check_target(recipe: Recipe, reached: float | None, found: Findings) -> None:
    target = recipe.upsampling.target_share
    if target and reached is not None and abs(reached - target) > SHARE_TOLERANCE:
        why = (
            "the cap on copies does not allow more"
            if reached < target
            else "no example has less than one row, and rows are whole"
        )
        message = (
            f"Seniors reach {reached:.0%} of TRAIN, {target:.0%} were asked for: {why}."
        )
        found.add(Finding("target_share_missed", Weight.WARNING, message, "TRAIN"))
