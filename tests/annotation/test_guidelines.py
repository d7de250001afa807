"""Guidelines: versions that never change, safe markdown, who reads and who writes."""

from __future__ import annotations

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.text_diff import Change, diff_lines
from annotation.models import Guidelines
from annotation.services import guidelines

AT = "/admin/annotation/guidelines/of/noc/"
NEW = {"markdown": "# Rules\n\nBe kind.", "summary": "First words.", "expected": 0}
CAST = ["alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory"]
READ = [200, 200, 200, 200, 200, 403, 200, 404]
WRITE = [200, 403, 403, 403, 403, 403, 403, 404]


def version(
    project, number: int, markdown: str = "rules", **more: object
) -> Guidelines:
    return Guidelines.objects.create(
        project=project, version=number, markdown=markdown, **more
    )


@pytest.mark.parametrize(
    ("who", "read", "write"), list(zip(CAST, READ, WRITE, strict=True))
)
def test_labelers_read_and_leads_write(request, browser_of, project, who, read, write):
    version(project, 1)
    version(project, 2, "other rules")
    browser = browser_of(request.getfixturevalue(who))

    for path in ("", "1/", "compare/?from=1&to=2"):
        assert browser.get(f"{AT}{path}").status_code == read
    for path in ("new/", "2/re-review/"):
        assert browser.get(f"{AT}{path}").status_code == write
    answer = browser.post(f"{AT}new/", {**NEW, "expected": 2})
    assert answer.status_code == (302 if write == 200 else write)
    assert Guidelines.objects.count() == (3 if write == 200 else 2)


def test_a_new_text_is_a_new_version_and_the_old_one_stays(project, alice, browser_of):
    version(project, 1, "old rules")
    browser = browser_of(alice)

    page = browser.post(f"{AT}new/", {**NEW, "expected": 1}, follow=True)

    found = guidelines.history(project=project)
    assert [(g.version, g.markdown, g.author) for g in found] == [
        (2, NEW["markdown"], alice),
        (1, "old rules", None),
    ]
    assert "Version 2 is in force." in page.content.decode()


def test_a_preview_stores_nothing(project, alice, browser_of):
    page = browser_of(alice).post(f"{AT}new/", {**NEW, "action": "preview"})

    assert "<h3>Rules</h3>" in page.content.decode()
    assert NEW["summary"] in page.content.decode()
    assert not Guidelines.objects.exists()


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"summary": " "}, 422, "what changed: those who label read it"),
        ({"markdown": ""}, 422, "Write the guidelines first."),
        ({"markdown": "rules", "expected": 1}, 422, "the text in force already"),
        ({"expected": 0}, 409, "Version 1 was written since"),
    ],
)
def test_what_cannot_be_saved_stays_in_the_form(
    project, alice, browser_of, change, status, words
):
    version(project, 1, "rules")

    answer = browser_of(alice).post(f"{AT}new/", {**NEW, "expected": 1, **change})

    assert answer.status_code == status
    assert words in answer.content.decode()
    assert Guidelines.objects.count() == 1


def test_after_a_conflict_the_text_is_saved_on_top(project, alice, browser_of):
    version(project, 1, "rules of a colleague")
    browser = browser_of(alice)
    page = browser.post(f"{AT}new/", NEW)

    form = page.context["form"]
    again = {name: form[name].value() for name in form.fields}
    answer = browser.post(f"{AT}new/", again)

    assert "rules of a colleague" in page.content.decode()
    assert answer.status_code == 302
    assert guidelines.current(project).markdown == NEW["markdown"]


def test_secrets_and_addresses_do_not_get_into_guidelines(project, alice, browser_of):
    text = "Log in to 192.0.2.17 with snmp-server community Tr0ub4dor-xyz RO"

    browser_of(alice).post(f"{AT}new/", {**NEW, "markdown": text})

    stored = guidelines.current(project).markdown
    assert "192.0.2.17" not in stored
    assert "Tr0ub4dor" not in stored


MEAN = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "![x](https://example.org/spy.png)",
    '[x](https://example.org/"onmouseover="alert(1))',
    "<https://example.org/><b onclick=x>",
]


@pytest.mark.parametrize("mean", MEAN)
def test_markdown_cannot_smuggle_anything(mean):
    html = str(guidelines.render(f"# Rules\n\n{mean}"))

    for sign in (
        "<script",
        "<img",
        "<b ",
        'href="javascript',
        'href="data',
        'vbscript:x"',
    ):
        assert sign not in html.lower()
    assert 'onmouseover="' not in html.replace("&quot;", "")


@given(st.text(max_size=200))
def test_every_text_renders_without_raw_markup(text):
    html = str(guidelines.render(f"{text}\n\n<script>x</script>"))

    assert "<script" not in html


def test_markdown_becomes_headings_below_the_pages_and_chips():
    text = "# One\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nReset ZHOST_A7KQ2MNBVCX3D."

    html = str(guidelines.render(text))

    assert "<h3>One</h3>" in html
    assert '<table class="data">' in html
    assert 'class="chip' in html
    assert "<h1" not in html


def test_the_list_leads_to_the_pages(project, alice, browser_of):
    row = version(project, 1)
    browser = browser_of(alice)

    change = browser.get(reverse("admin:annotation_guidelines_change", args=[row.pk]))
    add = browser.get(reverse("admin:annotation_guidelines_add"), follow=True)

    assert change.url == f"{AT}1/"
    assert add.redirect_chain[-1][0] == AT


def test_no_guidelines_yet_says_what_they_are_for(project, alice, carol, browser_of):
    assert b"Write the first version" in browser_of(alice).get(AT).content
    page = browser_of(carol).get(AT).content
    assert b"No guidelines yet" in page
    assert b"Write the first version" not in page


@pytest.mark.parametrize(
    "path", ["9/", "compare/", "compare/?from=1&to=9", "compare/?from=x"]
)
def test_a_version_that_is_not_there_is_not_found(project, alice, browser_of, path):
    version(project, 1)

    assert browser_of(alice).get(f"{AT}{path}").status_code == 404


@pytest.mark.parametrize("rows", [1, 20])
def test_the_pages_need_the_same_few_queries(
    project, alice, browser_of, django_assert_max_num_queries, rows
):
    for number in range(1, rows + 2):
        version(project, number, f"rules {number}", author=alice)
    browser = browser_of(alice)

    for path in ("", "1/", "compare/?from=1&to=2", "new/", f"{rows + 1}/re-review/"):
        browser.get(f"{AT}{path}")
        with django_assert_max_num_queries(16):
            browser.get(f"{AT}{path}")


LINES = st.lists(st.sampled_from(["a", "b", "c", "", "  d"]), max_size=40)


@given(LINES, LINES)
def test_a_diff_with_all_context_holds_both_texts(before, after):
    lines = diff_lines("\n".join(before), "\n".join(after), context=100)

    def side(left_out: Change) -> list[str]:
        return [line.text for line in lines if line.change is not left_out]

    if "\n".join(before).splitlines() == "\n".join(after).splitlines():
        assert lines == []
    else:
        assert side(Change.ADDED) == "\n".join(before).splitlines()
        assert side(Change.REMOVED) == "\n".join(after).splitlines()


@given(LINES, LINES)
def test_a_diff_leaves_out_only_what_it_counts(before, after):
    lines = diff_lines("\n".join(before), "\n".join(after))

    old = [line for line in lines if line.change in (Change.SAME, Change.REMOVED)]
    skipped = sum(line.skipped for line in lines)
    if lines:
        assert len(old) + skipped == len("\n".join(before).splitlines())
