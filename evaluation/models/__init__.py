"""Tables of the evaluation app: predictions in, decisions out."""

from evaluation.models.evaluation import Evaluation, Prediction

__all__ = ["Evaluation", "Prediction"]
