"""Tables of the training app: verdicts in, models out."""

from training.models.base_model import BaseModel
from training.models.dataset import Dataset, Example, Export, SplitAssignment
from training.models.economics import Price, PriceIsFixed, ProjectEconomics, Scenario
from training.models.job import Job, Metric
from training.models.label_check import LabelCheck
from training.models.run import ModelVersion, TrainingRun

__all__ = [
    "BaseModel",
    "Dataset",
    "Example",
    "Export",
    "Job",
    "LabelCheck",
    "Metric",
    "ModelVersion",
    "Price",
    "PriceIsFixed",
    "ProjectEconomics",
    "Scenario",
    "SplitAssignment",
    "TrainingRun",
]
