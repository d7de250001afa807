"""How long rows are, in the tokens of the model that shall read them.

A row that is too long is cut by most trainers without a word, and what is cut is the
answer. Here it refuses the build, is dropped or is shortened at the end of its text, as
the recipe says, and is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from annotation.models import Project
from netft_site.base.refusals import Refused
from training.domain.recipe import Recipe
from training.domain.recipe_tasks import Length, TooLong
from training.domain.rows import Row
from training.domain.tasks import DOMAIN_TEXT, turns
from training.services import tokenizing
from training.services.base_models import resolve_base_model
from training.services.datasets.refusals import BuildRefused

if TYPE_CHECKING:
    from training.services.datasets.plans import Entry

CHARACTERS_A_TOKEN = 4
FEWEST_LEFT = 8
_NAMED = 3

Tokens = Mapping[str, int]


@dataclass(frozen=True)
class Measure:
    """How rows are counted, and the limit. whole: with the words of their task."""

    count: Callable[[str], int]
    limit: int
    whole: bool

    def of(self, row: Row, project: Project) -> int:
        """Tokens of a row: its exchange, or its text where nothing else is read."""
        if not self.whole or row.task == DOMAIN_TEXT:
            return self.count(row.text)
        said = turns(row, project.scale, project.root_causes)
        longest = max(said.assistant, said.rejected, key=len)
        return sum(self.count(text) for text in (said.system, said.user, longest))


def measure_of(recipe: Recipe) -> Measure | None:
    """How a recipe measures rows; None where it sets no limit.

    Raises BuildRefused (``no_tokenizer``, ``base_model_unknown``).
    """
    length = recipe.length
    if not length.is_limited:
        return None
    whole = _reads_whole(recipe)
    if not length.base_model:
        assert length.most is not None  # noqa: S101  (is_limited)
        return Measure(estimate, length.most, whole)
    try:
        base = resolve_base_model(length.base_model)
        tokens = tokenizing.token_limit(base=base)
    except Refused as refusal:
        raise BuildRefused(refusal.code, refusal.message) from refusal
    return Measure(tokens.count, length.most or tokens.limit, whole)


def _reads_whole(recipe: Recipe) -> bool:
    """Whether prompt and answer count; a classifier of severity reads texts alone."""
    return recipe.formats != ("classification",) or not recipe.teaches_severity_alone


def limit_words(recipe: Recipe) -> str:
    """What limit a recipe sets, and on what, for people to read."""
    length = recipe.length
    if not length.is_limited:
        return (
            "The recipe sets no limit of length: nothing was refused, left out or cut."
        )
    of = (
        f"tokens of {length.base_model}"
        if length.base_model
        else "tokens (four characters each)"
    )
    most = f"{length.most:,} {of}" if length.most else f"what the model reads, in {of}"
    what = (
        "instruction, text and answer together"
        if _reads_whole(recipe)
        else "the text alone, as a classifier reads it; the words of other formats are "
        "not counted"
    )
    becomes = {
        TooLong.RAISE: "refuses the build",
        TooLong.DROP: "is left out",
        TooLong.TRUNCATE: "is cut at the end of its text",
    }[length.policy]
    return f"The recipe's limit is {most}, for {what}. A longer row {becomes}."


def estimate(text: str) -> int:
    """Tokens by the rule of thumb of four characters each, rounded up."""
    return -(-len(text) // CHARACTERS_A_TOKEN)


def too_long(
    *, recipe: Recipe, measure: Measure, entries: Sequence[Entry], tokens: Tokens
) -> set[str]:
    """Ids of the rows over the limit, where the recipe drops them.

    tokens: of each row, by its id. Raises BuildRefused (``too_long``) where the recipe
    refuses such rows.
    """
    over = [entry for entry in entries if tokens[entry.row] > measure.limit]
    if over and recipe.length.policy is TooLong.RAISE:
        found = {entry.row: tokens[entry.row] for entry in over}
        raise BuildRefused("too_long", _words(found, measure.limit, recipe.length))
    return {entry.row for entry in over}


def cut_to_limit(row: Row, measure: Measure, project: Project) -> Row:
    """The row with so much of its text's end taken as makes it fit.

    Cuts between words: half a pseudonym would be a word that nobody knows. Raises
    BuildRefused (``too_long``) where the words around the text leave it no room.
    """
    whole, shortened = row.text, row
    # Texts joined count otherwise than apart, so one cut may not be enough.
    while (over := measure.of(shortened, project) - measure.limit) > 0:
        room = measure.count(shortened.text) - over
        if room < FEWEST_LEFT:
            raise BuildRefused(
                "too_long",
                f"{row.id}: what stands around the text needs the whole limit of "
                f"{measure.limit} tokens. Raise it.",
            )
        text = _longest_start(shortened.text, room, measure.count)
        shortened = replace(row, text=text, cut=len(whole) - len(text))
    return shortened


def _longest_start(text: str, tokens: int, count: Callable[[str], int]) -> str:
    """The longest beginning of whole words of so many tokens, by bisection."""
    ends = [i for i, c in enumerate(text) if c.isspace() and not text[:i].isspace()]
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high + 1) // 2
        fits = count(text[: ends[middle - 1]]) <= tokens
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[: ends[low - 1]].rstrip() if low else text[:tokens]


def _words(found: dict[str, int], limit: int, length: Length) -> str:
    counted = (
        f"tokens of {length.base_model}" if length.base_model else "tokens (estimated)"
    )
    named = ", ".join(f"{row} ({n})" for row, n in list(found.items())[:_NAMED])
    more = f", and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return (
        f"Rows over the limit of {limit} {counted}: {named}{more}. Raise the limit, or "
        "let the recipe drop or shorten them."
    )
