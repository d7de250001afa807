"""The synthetic world and the files it is written to."""

from __future__ import annotations

import pytest

from netft_site.demo_world import build_world, write_files


@pytest.fixture(scope="module")
def world():
    return build_world()


@pytest.fixture(scope="module")
def files(world, tmp_path_factory):
    return write_files(world, tmp_path_factory.mktemp("world"))
