"""`manage.py report`: JSON, Markdown and HTML of the same figures."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Record
from evaluation.services import reporting
from netft_site.base.refusals import Refused
from tests.evaluation import worlds

pytestmark = pytest.mark.django_db

FORMATS = ("json", "markdown", "html")


def report(capsys, models, *arguments: str) -> str:
    names = [model.name for model in models]
    call_command("report", *names, "--dataset=triage", *arguments)
    return capsys.readouterr().out


def test_json_is_the_comparison_and_nothing_else(models, dataset, capsys):
    out = report(capsys, models, "--format=json")

    expected = reporting.compare(models=models, dataset=dataset).as_dict()
    assert json.loads(out) == expected
    assert out.isascii()
    assert out.count("\n") == 1


def test_json_flag_and_json_format_are_one(models, capsys):
    assert report(capsys, models, "--json") == report(capsys, models, "--format=json")


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_documents_carry_the_figures_of_the_json(models, dataset, capsys, form):
    shape = reporting.compare(models=models, dataset=dataset).as_dict()

    out = report(capsys, models, f"--format={form}").replace("\\", "")

    for name, system in shape["systems"].items():
        assert name in out
        assert f"{100 * system['accuracy']['value']:.1f}%" in out
        low, high = system["macro_f1"]["ci"]
        assert f"[{low:.3f}, {high:.3f}]" in out
    for pair in shape["pairs"]:
        assert f"{100 * pair['difference']['value']:+.1f}" in out
    humans = shape["human_ceiling"][shape["focus"]]["humans"]["value"]
    alpha = shape["agreement"]["coefficients"]["krippendorff_alpha"]["value"]
    assert f"{100 * humans:.1f}%" in out
    assert f"{alpha:.3f}" in out


@pytest.mark.parametrize("form", FORMATS)
def test_no_ticket_text_is_in_any_form(models, capsys, form):
    out = report(capsys, models, f"--format={form}")

    records = Record.objects.all()
    assert len(records) == 60
    assert not [r for r in records if r.title in out or r.body[:40] in out]
    assert not [r for r in records if r.external_id in out]


def test_markdown_tables_have_as_many_cells_as_their_heads(models, capsys):
    Record.objects.filter(category="wireless").update(category="wi|fi\n<b>_x_")

    out = report(capsys, models, "--format=markdown")

    tables = [block for block in out.split("\n\n") if block.lstrip().startswith("|")]
    assert len(tables) >= 5
    for table in tables:
        widths = {
            line.replace("\\|", "").count("|") for line in table.strip().split("\n")
        }
        assert len(widths) == 1, table
    assert "\n\n\n" not in out


def test_a_category_cannot_break_out_of_its_cell(project, capsys):
    worlds.review_tickets(project, 60, reviewers=worlds.panel(), category="a|b<i>*c*")
    dataset = worlds.build(project)
    model = worlds.trained(dataset, "majority", "m")
    worlds.scored(model, dataset, worlds.right(1))

    markdown = report(capsys, [model], "--format=markdown")
    html = report(capsys, [model], "--format=html")

    assert "a\\|b\\<i\\>\\*c\\*" in markdown
    assert "a|b&lt;i&gt;*c*" in html
    assert "<i>" not in html


def test_html_is_well_formed_and_needs_no_script(models, capsys):
    out = report(capsys, models, "--format=html")

    opened: list[str] = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "br"):
                opened.append(tag)

        def handle_endtag(self, tag):
            assert opened.pop() == tag

    Checker().feed(out)
    assert opened == []
    assert "<script" not in out
    assert "http" not in out


def test_synthetic_and_single_source_are_said_first(project, models, capsys):
    project.is_synthetic = True
    project.save()

    out = report(capsys, models)

    assert out.index("**Synthetic data.**") < out.index("## ")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("none", "--dataset=triage"), "model_unknown"),
        (("triage-v1-majority-1", "--dataset=none"), "no_such_dataset"),
        (
            ("triage-v1-majority-1", "--dataset=triage", "--split=dev"),
            "not_evaluated",
        ),
    ],
)
def test_what_cannot_be_reported_is_refused_in_words(models, capsys, arguments, code):
    with pytest.raises(Refused) as refusal:
        call_command("report", *arguments, "--json")

    assert refusal.value.code == code
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_an_unknown_format_is_a_wrong_call(models):
    with pytest.raises(CommandError):
        call_command("report", "m", "--dataset=triage", "--format=pdf")
