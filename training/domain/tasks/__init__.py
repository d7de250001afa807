"""What a model is told and what it shall say: the tasks that a dataset can teach.

`task` names them and what each needs, `material` puts together what an example of one
holds, `words` are the instructions, `answers` say what a valid answer is. The words are
apart from the formats that carry them. A dataset's manifest names its tasks and the
version of their words, so an old dataset keeps the words it was made with: new words
are a new entry, never a change of an old one.
"""

from training.domain.tasks.answers import STRUCTURED, answer_problem, answer_schema
from training.domain.tasks.material import Material, fill, materials_of
from training.domain.tasks.task import (
    DOMAIN_TEXT,
    PREFERENCE,
    SEVERITY,
    TASKS,
    Source,
    Task,
    find_task,
)
from training.domain.tasks.turns import Turns
from training.domain.tasks.words import (
    VERDICT_LINE,
    VERSIONS,
    severity_prompt,
    turns,
)

__all__ = [
    "DOMAIN_TEXT",
    "PREFERENCE",
    "SEVERITY",
    "STRUCTURED",
    "TASKS",
    "VERDICT_LINE",
    "VERSIONS",
    "Material",
    "Source",
    "Task",
    "Turns",
    "answer_problem",
    "answer_schema",
    "fill",
    "find_task",
    "materials_of",
    "severity_prompt",
    "turns",
]
