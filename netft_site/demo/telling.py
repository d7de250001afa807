"""The stations of the demo, one after another.

Tickets come in sanitized, reviews become verdicts, a dataset is frozen, baselines and
a LoRA fine-tune run, all stand in one comparison; then more of what was rare is
labeled, and the second model meets the first on the same frozen test tickets. The
engineers answer gold and repeats; new tickets stay on the desk for whoever signs in.
Every step goes through the services, the queue and the child process that a team would
use; no figure is written by hand.
"""

from __future__ import annotations

from typing import Any

from netft_site.demo.figures import figures
from netft_site.demo.labeling import (
    fill_the_desk,
    import_answers,
    import_tickets,
    show_sanitizing,
    show_verdicts,
)
from netft_site.demo.learning import (
    build,
    compare,
    fine_tune,
    show_weak,
    train_baselines,
)
from netft_site.demo.story import Story
from netft_site.demo.trust import slip_in


def tell(story: Story) -> dict[str, Any]:
    """Run every station; return the figures in their public shape."""
    files = story.files
    import_tickets(story, "import", [files.history, files.later])
    show_sanitizing(story)
    import_answers(
        story,
        "reviews",
        [files.reviews_history, files.reviews_later],
        files.adjudications,
    )
    show_verdicts(story, "verdicts")
    first = build(story, "dataset v1")
    baselines = train_baselines(story, first)
    tuned = fine_tune(story, "fine-tune v1", first)
    before = compare(story, "comparison", first, [*baselines, tuned])
    show_weak(story, before)
    import_tickets(story, "more wireless", [files.wireless])
    import_answers(
        story,
        "wireless reviews",
        [files.reviews_wireless],
        files.adjudications_wireless,
    )
    second = build(story, "dataset v2")
    better = fine_tune(story, "fine-tune v2", second)
    after = compare(story, "v1 against v2", second, [*baselines, tuned, better])
    slip_in(story, "gold and repeats")
    fill_the_desk(story, "on the desk")
    return figures(story, before, after)
