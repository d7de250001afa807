"""Design tokens: enough contrast in both modes, and nothing bypasses them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "netft_site/static"
SHEETS = sorted((STATIC / "netft").glob("*.css"))
OTHER_SHEETS = [sheet for sheet in SHEETS if sheet.name != "tokens.css"]
TOKENS = (STATIC / "netft/tokens.css").read_text()
MODES = ("light", "dark")

GROUNDS = ["page", "surface", "sunken", "hover", "selected"]
TEXT_ON_ITS_GROUND = [
    *[(ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in GROUNDS],
    *[("accent-ink", ground) for ground in (*GROUNDS, "accent-soft")],
    ("ink", "accent-soft"),
    ("ink-2", "accent-soft"),
    ("on-accent", "accent-fill"),
    ("on-accent", "accent-fill-hover"),
    ("on-accent", "bad-fill"),
    *[
        (f"{meaning}-ink", ground)
        for meaning in ("good", "warn", "bad", "info", "synthetic")
        for ground in (f"{meaning}-soft", "surface", "page")
    ],
    *[
        (f"severity-{step}", ground)
        for step in range(1, 10)
        for ground in ("surface", "page", "hover", "accent-soft")
    ],
    *[
        (f"chip-{kind}-ink", f"chip-{kind}-soft")
        for kind in ("net", "place", "person", "secret", "other")
    ],
    ("ink", "chart-ramp-low"),
    ("ink", "chart-ramp-high"),
    ("good-ink", "chart-band"),
]
SHAPE_ON_ITS_GROUND = [
    *[(f"chart-{number}", "surface") for number in range(1, 6)],
    ("chart-1", "chart-band"),
    ("line-strong", "surface"),
    ("accent-fill", "surface"),
    ("accent-fill", "page"),
    ("good-ink", "surface"),
]


def colours(mode: str) -> dict[str, tuple[float, float, float]]:
    """Return the plain colours of one mode by token name, as 0..1 channels."""
    pairs = re.findall(
        r"--([a-z0-9-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\)", TOKENS
    )
    place = MODES.index(mode)
    return {
        name: tuple(int(pair[place][i : i + 2], 16) / 255 for i in (0, 2, 4))
        for name, *pair in pairs
    }


def luminance(colour: tuple[float, float, float]) -> float:
    """Relative luminance after WCAG 2.1."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(mode: str, one: str, other: str) -> float:
    palette = colours(mode)
    lights = sorted(luminance(palette[name]) for name in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def test_black_on_white_has_the_contrast_of_the_standard():
    assert luminance((1, 1, 1)) == pytest.approx(1)
    assert luminance((0, 0, 0)) == 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON_ITS_GROUND)
def test_text_is_readable(mode: str, ink: str, ground: str):
    assert contrast(mode, ink, ground) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("shape", "ground"), SHAPE_ON_ITS_GROUND)
def test_shapes_and_borders_that_carry_meaning_are_visible(
    mode: str, shape: str, ground: str
):
    assert contrast(mode, shape, ground) >= 3


@pytest.mark.parametrize("sheet", OTHER_SHEETS, ids=lambda sheet: sheet.name)
def test_colours_are_written_in_the_tokens_only(sheet: Path):
    found = re.findall(r"#[0-9a-f]{6}\b|hsl\(", sheet.read_text(), re.I)

    assert found == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_token_that_is_used_exists(sheet: Path):
    text = sheet.read_text()
    known = set(re.findall(r"--([a-z0-9-]+):", TOKENS + text))

    used = set(re.findall(r"var\(--([a-z0-9-]+)", text))

    assert used <= known


def test_the_properties_of_the_stock_admin_come_from_tokens():
    import django.contrib.admin

    stock = Path(django.contrib.admin.__file__).parent / "static/admin/css/base.css"
    block = stock.read_text().split("/* LINKS */")[0]
    theirs = set(re.findall(r"--([a-z-]+):", block))

    ours = set(re.findall(r"^\s*--([a-z0-9-]+):", TOKENS, re.M))

    assert theirs <= ours


@pytest.mark.parametrize("package", ["vega", "vega-lite", "vega-embed", "inter"])
def test_a_vendored_package_brings_version_licence_and_the_hash_it_states(package):
    import hashlib

    folder = STATIC / "vendor" / package
    note = (folder / "VERSION").read_text()
    stated = re.search(r"sha256 of this file: ([0-9a-f]{64})", note)
    asset = next(f for f in folder.iterdir() if f.suffix in (".js", ".woff2"))

    assert stated
    assert hashlib.sha256(asset.read_bytes()).hexdigest() == stated[1]
    assert (folder / "LICENSE").stat().st_size > 500
    assert "version: " in note
