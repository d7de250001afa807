"""The settings of a run: each with its default, its range and where both come from.

`parse` reads the `--set key=value` pairs of a person; the constructor checks the same
rules, so a hand-written spec cannot slip past them. `auto` values are settled by the
training process once it has seen the data, and what was settled is in its result.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from training.domain.strict_json import SpecError

AUTO = "auto"
CLASS_WEIGHTS = ("auto", "none", "balanced")
SCHEDULES = ("cosine", "linear", "constant")


@dataclass(frozen=True)
class Rule:
    """What one setting may be. `low` and `high` are inclusive."""

    kind: type[int] | type[float] | type[str]
    meaning: str
    source: str
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    auto: bool = False

    @property
    def allowed(self) -> str:
        """The range in words, for refusals and documentation."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        noun = "a whole number" if self.kind is int else "a number"
        text = f"{noun} from {self.low:g} to {self.high:g}"
        return f"{text}, or auto" if self.auto else text

    def read(self, text: str) -> Any:
        """Convert a typed string; raises ValueError where it is not of the kind."""
        if self.auto and text == AUTO:
            return text
        return self.kind(text)

    def admits(self, value: Any) -> bool:
        """Whether the value has the right type and lies in the range."""
        if self.auto and value == AUTO:
            return True
        if self.kind is str:
            return value in self.choices
        if value.__class__ is not self.kind:
            return False
        number = float(value)
        return math.isfinite(number) and self.low <= number <= self.high


def setting(default: Any, rule: Rule) -> Any:
    """A field of a settings class with its rule."""
    return field(default=default, metadata={"rule": rule})


class Settings:
    """Shared behaviour of the settings dataclasses below."""

    def __post_init__(self) -> None:
        for name, rule in self.rules().items():
            value = getattr(self, name)
            if rule.kind is float and type(value) is int:
                # JSON does not tell 1 from 1.0.
                value = float(value)
                object.__setattr__(self, name, value)
            if not rule.admits(value):
                raise SpecError(_refusal(name, value, rule))

    @classmethod
    def rules(cls) -> dict[str, Rule]:
        """Every setting with its rule, in the order of declaration."""
        fields = dataclasses.fields(cls)  # type: ignore[arg-type]
        return {f.name: f.metadata["rule"] for f in fields}

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Every setting with its default."""
        return cls().as_dict()

    @classmethod
    def parse(cls, overrides: Mapping[str, str]) -> Self:
        """Defaults with the given `key=value` strings over them.

        Raises SpecError naming the key, the value and what is allowed.
        """
        rules = cls.rules()
        values: dict[str, Any] = {}
        for key, text in overrides.items():
            if key not in rules:
                known = ", ".join(rules)
                raise SpecError(f"unknown setting {key!r}; known settings: {known}")
            try:
                values[key] = rules[key].read(text.strip())
            except ValueError as error:
                raise SpecError(_refusal(key, text, rules[key])) from error
        return cls(**values)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """From decoded JSON; an unknown or ill-typed setting raises SpecError."""
        unknown = sorted(set(data) - set(cls.rules()))
        if unknown:
            raise SpecError(f"hyperparameters: unknown key {', '.join(unknown)}")
        return cls(**data)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, in the order of declaration."""
        return {name: getattr(self, name) for name in self.rules()}


def _refusal(key: str, value: object, rule: Rule) -> str:
    return f"{key}={value!r} is not allowed: expected {rule.allowed}"


_CLASS_WEIGHTS_RULE = Rule(
    str,
    "Weight of each class in the loss. auto: effective number of samples where the "
    "largest class has more than 3 times the rows of the smallest, else none; "
    "balanced: inverse frequency. Copies count as rows.",
    "Cui et al. 2019, Class-Balanced Loss",
    choices=CLASS_WEIGHTS,
)
_MAX_LENGTH_RULE = Rule(
    int,
    "Tokens read of each text; the rest is cut. auto: 99th percentile of the training "
    "texts rounded up to 64, at most what the encoder was trained for.",
    "sentence_bert_config.json of the encoder",
    low=16,
    high=512,
    auto=True,
)
_C_RULE = Rule(
    float,
    "Inverse strength of the logistic regression's L2 penalty. auto: the best "
    "macro-F1 on DEV among 0.1, 1, 10 and 100.",
    "scikit-learn LogisticRegression",
    low=1e-4,
    high=1e4,
    auto=True,
)


@dataclass(frozen=True)
class Hyperparameters(Settings):
    """Settings of a classification fine-tune with LoRA."""

    r: int = setting(
        16,
        Rule(int, "Rank of the LoRA matrices.", "Unsloth, Axolotl", 1, 64),
    )
    alpha: int = setting(
        32,
        Rule(int, "LoRA scale; updates are multiplied by alpha / r.", "2 r", 1, 256),
    )
    dropout: float | str = setting(
        AUTO,
        Rule(
            float,
            "Dropout on the LoRA input. auto: 0.05 under 1,000 rows, else 0.",
            "Axolotl against overfitting, PEFT",
            0.0,
            0.5,
            auto=True,
        ),
    )
    lr: float = setting(
        2e-4,
        Rule(
            float,
            "Peak learning rate of the LoRA matrices.",
            "Unsloth, Axolotl; about 10 times that of full fine-tuning",
            1e-6,
            1e-2,
        ),
    )
    head_lr: float = setting(
        1e-3,
        Rule(
            float,
            "Peak learning rate of the classification head.",
            "own choice: 5 times lr",
            0.0,
            1e-1,
        ),
    )
    epochs: int = setting(
        5, Rule(int, "Passes over the training rows.", "Bedrock (Llama 3.1)", 1, 10)
    )
    batch: int = setting(
        16,
        Rule(int, "Rows of one optimizer step.", "Unsloth; LoRA dislikes more", 2, 128),
    )
    max_length: int | str = setting(AUTO, _MAX_LENGTH_RULE)
    weight_decay: float = setting(
        0.01, Rule(float, "Decoupled weight decay of AdamW.", "Unsloth", 0.0, 0.3)
    )
    clip: float = setting(
        1.0, Rule(float, "Largest norm of the gradient.", "TRL, PEFT", 0.01, 100.0)
    )
    schedule: str = setting(
        "cosine",
        Rule(str, "Shape of the learning rate.", "LLaMA-Factory", choices=SCHEDULES),
    )
    warmup: float = setting(
        0.05,
        Rule(
            float,
            "Share of the steps in which the learning rate rises.",
            "Axolotl: 5 to 10 %",
            0.0,
            0.5,
        ),
    )
    patience: int = setting(
        3,
        Rule(
            int,
            "Epochs without a better DEV before stopping.",
            "fewer than AutoTrain's 5",
            1,
            10,
        ),
    )
    class_weights: str = setting("auto", _CLASS_WEIGHTS_RULE)
    c: float | str = setting(AUTO, _C_RULE)


@dataclass(frozen=True)
class BaselineHyperparameters(Settings):
    """Settings of a baseline; a method ignores those that do not concern it."""

    ngrams: int = setting(
        2, Rule(int, "Longest word n-gram of TF-IDF.", "common practice", 1, 3)
    )
    min_df: int = setting(
        2, Rule(int, "Training texts an n-gram must occur in.", "scikit-learn", 1, 20)
    )
    max_features: int = setting(
        50_000,
        Rule(int, "Most frequent n-grams kept.", "scikit-learn", 100, 500_000),
    )
    max_length: int | str = setting(AUTO, _MAX_LENGTH_RULE)
    class_weights: str = setting("auto", _CLASS_WEIGHTS_RULE)
    c: float | str = setting(AUTO, _C_RULE)
