"""Application configurations of the shell."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class NetftAdminConfig(AdminConfig):
    """The stock admin with our own site object."""

    default_site = "netft_site.admin_site.NetftAdminSite"


class NetftSiteConfig(AppConfig):
    name = "netft_site"
    verbose_name = "netft"
