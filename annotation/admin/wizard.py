"""The first-project wizard: name, levels, people; then the way to the first tickets."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.text import slugify
from django.views import View

from annotation.admin.pages import page_context, project_for
from annotation.domain.scale import DEFAULT_SCALE, Grade
from annotation.models import Reviewer
from annotation.services import opening
from netft_site.base.refusals import Refused

PERMISSION = "annotation.add_project"
_GRADES = list(Reviewer.GradeChoice.choices)
_MOST_PEOPLE = 50


class WizardForm(forms.Form):
    """What a project needs before its first ticket."""

    name = forms.CharField(
        max_length=120, help_text="Of the team or the network, as people say it."
    )
    slug = forms.SlugField(
        label="Short name",
        max_length=50,
        required=False,
        help_text="Used in addresses and commands. Empty: made from the name.",
    )
    levels = forms.CharField(
        label="Severity levels",
        widget=forms.Textarea(attrs={"rows": 5}),
        initial="\n".join(DEFAULT_SCALE.keys),
        help_text="One word a line, most severe first. They have the keys 1 to 9 on "
        "the label desk, and cannot be changed later.",
    )
    reviews_wanted = forms.IntegerField(
        label="Reviews for each ticket",
        min_value=1,
        max_value=20,
        initial=2,
        help_text="Independent ones. Two show how well people agree; three settle "
        "more by majority.",
    )
    own_grade = forms.ChoiceField(
        label="You label too",
        choices=[("", "no"), *((grade, f"yes, as {word}") for grade, word in _GRADES)],
        required=False,
        initial=Grade.SENIOR.value,
    )
    reviewers = forms.ModelMultipleChoiceField(
        Reviewer.objects.none(),
        label="Reviewers who are here already",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    invited = forms.CharField(
        label="New reviewers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "Bob Stone, senior"}),
        help_text="One a line: name, grade. Grades are junior, engineer, senior and "
        "principal; without one, engineer.",
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Reviewer.objects.people().active().exclude(user=user)
        field = self.fields["reviewers"]
        field.queryset = known  # type: ignore[attr-defined]

    def clean_levels(self) -> list[str]:
        lines = self.cleaned_data["levels"].replace(",", "\n").splitlines()
        return [line.strip() for line in lines if line.strip()]

    def clean_invited(self) -> list[opening.NewPerson]:
        lines = [line for line in self.cleaned_data["invited"].splitlines() if line]
        if len(lines) > _MOST_PEOPLE:
            raise ValidationError(f"At most {_MOST_PEOPLE} people at once.")
        return [_person(line) for line in lines if line.strip()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("slug") and cleaned.get("name"):
            cleaned["slug"] = slugify(cleaned["name"])[:50]
        if not cleaned.get("own_grade"):
            cleaned["own_grade"] = None
        return cleaned


def _person(line: str) -> opening.NewPerson:
    name, _, word = line.rpartition(",") if "," in line else (line, "", "engineer")
    name = " ".join(name.split())
    try:
        grade = Grade(word.strip().upper())
    except ValueError:
        raise ValidationError(
            "Write one person a line: name, grade. Grades: junior, engineer, "
            "senior, principal."
        ) from None
    if not 1 <= len(name) <= 150:
        raise ValidationError("A name has between 1 and 150 characters.")
    return opening.NewPerson(name, grade)


class WizardView(View):
    """One page that opens a project."""

    def dispatch(self, request: HttpRequest) -> HttpResponseBase:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        return super().dispatch(request)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(request, WizardForm(cast(User, request.user)))

    def post(self, request: HttpRequest) -> HttpResponse:
        user = cast(User, request.user)
        form = WizardForm(user, request.POST)
        if form.is_valid():
            try:
                opened = opening.open_project(user=user, **form.cleaned_data)
            except Refused as refusal:
                form.add_error(_FIELD_OF.get(refusal.code), refusal.message)
            else:
                return redirect("admin:annotation_project_ready", opened.project.slug)
        return self._show(request, form, status=422)

    def _show(
        self, request: HttpRequest, form: WizardForm, status: int = 200
    ) -> HttpResponse:
        context = page_context(request, "Set up a project", form=form)
        return TemplateResponse(
            request, "annotation/wizard.html", context, status=status
        )


_FIELD_OF = {
    "bad_slug": "slug",
    "project_exists": "slug",
    "bad_levels": "levels",
    "bad_reviews_wanted": "reviews_wanted",
}


def ready_page(request: HttpRequest, slug: str) -> HttpResponse:
    """What stands, and what comes next: passwords and tickets."""
    project = project_for(request, slug, "annotation.change_project")
    members = project.memberships.select_related("user__reviewer").order_by("pk")
    people = [
        {
            "name": getattr(member.user, "reviewer", None) or member.user,
            "role": member.get_role_display(),
            "user": member.user,
            "needs_password": not member.user.has_usable_password(),
        }
        for member in members
    ]
    context = page_context(
        request,
        f"{project.name} is ready",
        project=project,
        people=people,
        may_set_passwords=request.user.has_perm("auth.change_user"),
    )
    return TemplateResponse(request, "annotation/ready.html", context)
