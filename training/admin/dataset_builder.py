"""The dataset builder: a recipe, what it would give today, and the build button.

The preview is a GET that can be shared and changes nothing. What is built is the
recipe that was previewed, sent as one value, so that what one saw is what one gets.
"""

from __future__ import annotations

import json
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views import View

from annotation.admin.pages import (
    page_context,
    project_chooser,
    project_for,
    row_number,
)
from annotation.models import Project
from netft_site.base.refusals import Refused
from training.admin.dataset_charts import dataset_charts
from training.admin.recipe_form import RecipeForm
from training.domain.recipe import Recipe
from training.models import Dataset
from training.services.datasets import building, previewing

PERMISSION = "training.add_dataset"
DEFAULT_NAME = "triage"


class BuildForm(forms.Form):
    """The name of the dataset and the recipe that was previewed."""

    name = forms.SlugField(
        max_length=80,
        help_text="A name that exists gets a further version.",
        error_messages={
            "invalid": "Use letters, digits, hyphens and underscores only."
        },
    )
    recipe = forms.JSONField(widget=forms.HiddenInput)


choose_project = project_chooser(
    "Build a dataset", PERMISSION, "admin:training_dataset_builder"
)


class BuilderView(View):
    """The builder of one project."""

    project: Project

    def dispatch(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        self.project = project_for(request, slug, PERMISSION)
        return super().dispatch(request, slug)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        like = self._like(request)
        if "gold_rule" in request.GET:
            form = RecipeForm(self.project, request.GET)
        else:
            recipe = Recipe.parse(like.recipe) if like else Recipe()
            form = RecipeForm.of(self.project, recipe)
        name = like.name if like else request.GET.get("name", "")
        return self._show(request, form, name=name)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        build = BuildForm(request.POST)
        if build.is_valid():
            try:
                dataset = building.start(
                    project=self.project,
                    name=build.cleaned_data["name"],
                    recipe=build.cleaned_data["recipe"],
                    user=cast(User, request.user),
                )
            except Refused as refusal:
                build.add_error(None, refusal.message)
            else:
                return redirect("admin:training_dataset_page", dataset.pk)
        form = RecipeForm.of(self.project, _recipe_of(build))
        return self._show(request, form, build=build, status=422)

    def _like(self, request: HttpRequest) -> Dataset | None:
        wanted = row_number(request.GET.get("like", ""))
        if wanted is None:
            return None
        return Dataset.objects.filter(project=self.project, pk=wanted).first()

    def _show(
        self,
        request: HttpRequest,
        form: RecipeForm,
        *,
        name: str = "",
        build: BuildForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        found = None
        if form.is_valid():
            found = previewing.preview(project=self.project, recipe=form.recipe)
            build = build or self._offer(found.recipe, name)
        context = page_context(
            request,
            "Build a dataset",
            project=self.project,
            form=form,
            build=build,
            preview=found,
            charts=_charts(found, self.project),
        )
        return TemplateResponse(
            request,
            "training/dataset_builder.html",
            context,
            status=status if found else 422,
        )

    def _offer(self, recipe: Recipe, name: str) -> BuildForm:
        """The form that builds what was previewed, under a name to change."""
        name = name or self._usual_name()
        return BuildForm(initial={"name": name, "recipe": recipe.as_json()})

    def _usual_name(self) -> str:
        """The name of the newest dataset: most builds are a next version."""
        names = Dataset.objects.filter(project=self.project).order_by("-id")
        return names.values_list("name", flat=True).first() or DEFAULT_NAME


def _charts(found: previewing.Preview | None, project: Project) -> Any:
    if found is None:
        return []
    return dataset_charts(found.mix, found.levels, project.production_mix)


def _recipe_of(build: BuildForm) -> Recipe:
    """The previewed recipe of a form that was refused, or the defaults."""
    try:
        return Recipe.parse(json.loads(build.data.get("recipe", "{}")))
    except ValueError:
        return Recipe()
