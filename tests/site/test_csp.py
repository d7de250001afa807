"""The content security policy holds, and the pages keep to it."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client, RequestFactory

from netft_site.security import ContentSecurityPolicyMiddleware


def directives(response) -> dict[str, str]:
    parts = response.headers["Content-Security-Policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


def test_nothing_inline_and_nothing_evaluated_runs(client: Client):
    policy = directives(client.get("/admin/login/"))

    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in " ".join(policy.values())


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/nowhere/", "/nowhere/"])
@pytest.mark.django_db
def test_every_answer_brings_the_policy(client: Client, path: str):
    assert "Content-Security-Policy" in client.get(path).headers


def test_a_page_with_its_own_policy_keeps_it():
    def page(request):
        return HttpResponse(headers={"Content-Security-Policy": "default-src 'none'"})

    response = ContentSecurityPolicyMiddleware(page)(RequestFactory().get("/"))

    assert response.headers["Content-Security-Policy"] == "default-src 'none'"


@pytest.mark.parametrize("status", [404, 500])
def test_the_developers_error_page_stays_readable(settings, status: int):
    settings.DEBUG = True
    middleware = ContentSecurityPolicyMiddleware(lambda r: HttpResponse(status=status))

    response = middleware(RequestFactory().get("/"))

    assert "Content-Security-Policy" not in response.headers


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/auth/user/", "/admin/auth/user/add/", "/admin/login/"]
)
def test_pages_hold_no_inline_script_style_or_handler(admin_client: Client, path: str):
    html = admin_client.get(path, follow=True).content.decode()

    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", html)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [("/nowhere/", 404, "This page does not exist")],
)
@pytest.mark.django_db
def test_an_error_page_is_ours(client: Client, path: str, status: int, words: str):
    response = client.get(path)

    assert response.status_code == status
    assert words in response.content.decode()
    assert "Back to the dashboard" in response.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_in_words():
    client = Client(enforce_csrf_checks=True)

    response = client.post("/admin/login/", {"username": "x", "password": "y"})

    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()


def test_a_crash_shows_our_page_and_no_traceback(client: Client, monkeypatch):
    from netft_site import admin_site

    client.raise_request_exception = False
    monkeypatch.setattr(admin_site, "_station_links", None)

    response = client.get("/admin/login/")

    assert response.status_code == 500
    assert "Something went wrong here" in response.content.decode()
    assert "Traceback" not in response.content.decode()


@pytest.mark.django_db
def test_staff_without_the_right_reads_so_in_words(client: Client):
    client.force_login(
        User.objects.create_user("visitor", is_staff=True),
        backend="django.contrib.auth.backends.ModelBackend",
    )

    response = client.get("/admin/auth/user/")

    assert response.status_code == 403
    assert "You may not open this page" in response.content.decode()
