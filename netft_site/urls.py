"""URLs of the site: the console at the root, the API under /api/v1/."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from netft_site import api

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("health/", api.health, name="health"),
    path("api/v1/", include("netft_site.api")),
    path("admin/", admin.site.urls),
]
