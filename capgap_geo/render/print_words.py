"""The words around a printed map: what it says above, and where it comes from below."""

from __future__ import annotations

from dataclasses import dataclass

from capgap_geo.i18n import Translator
from capgap_geo.render import print_furniture, theme
from capgap_geo.render.mapspec import MapSpec
from capgap_geo.render.print_fonts import LEADING, Weight, balanced, wrap
from capgap_geo.render.print_page import Box, Ink, Page

#: Lines of a headline stand closer than those of running text.
_CLOSE = 1.13
_HEADLINE_LINES = 4
#: Size of what stands below a headline, and the space above it, as shares of the text.
_NOTE, _GAP = 0.8, 0.35
#: Small print shrinks no further than this, however little room there is.
_SMALLEST = 0.85
#: Side of one module of the code, as a share of the text.
_MODULE = 0.115


@dataclass(frozen=True)
class Head:
    """Title, headline and what must stand below it, measured for a column.

    Parameters
    ----------
    text
        Size of the running text in pixels.
    share
        Part of its usual size that a headline may have.
    """

    spec: MapSpec
    width: float
    text: float
    share: float = 1.0

    @property
    def kicker(self) -> Ink:
        """How the title looks."""
        return Ink(0.86 * self.text, Weight.SEMIBOLD, theme.ACCENT)

    @property
    def title(self) -> tuple[str, ...]:
        """Lines of the title."""
        return wrap(self.spec.title, self.kicker.size, self.width, self.kicker.weight)

    @property
    def headline(self) -> tuple[tuple[str, ...], Ink]:
        """Lines of the headline, as large as a few lines allow."""
        large = 2.25 * self.share * self.text
        lines = balanced(self.spec.headline, large, self.width, Weight.BOLD)
        while len(lines) > _HEADLINE_LINES and large > 1.3 * self.text:
            large *= 0.95
            lines = balanced(self.spec.headline, large, self.width, Weight.BOLD)
        return lines, Ink(large, Weight.BOLD)

    @property
    def note(self) -> tuple[tuple[str, ...], Ink]:
        """Lines of the note."""
        ink = Ink(_NOTE * max(self.share, _SMALLEST) * self.text, colour=theme.INK_SOFT)
        return (wrap(self.spec.note, ink.size, self.width) if self.spec.note else ()), ink

    @property
    def height(self) -> float:
        """Height of all."""
        (lines, ink), (below, small) = self.headline, self.note
        title = len(self.title) * self.kicker.size * LEADING + _GAP * self.text
        gap = _GAP * self.text if below else 0.0
        return title + len(lines) * _CLOSE * ink.size + gap + len(below) * small.size * LEADING

    def draw(self, page: Page, left: float, top: float) -> None:
        """Write all from the upper left corner."""
        y = page.lines(left, top, self.title, self.kicker) + _GAP * self.text
        (lines, ink), (below, small) = self.headline, self.note
        for line in lines:
            page.write(left, y + 0.5 * _CLOSE * ink.size, line, ink)
            y += _CLOSE * ink.size
        page.lines(left, y + _GAP * self.text, below, small)


@dataclass(frozen=True)
class Foot:
    """Sources, date and link, and the code to the live view, measured for a column."""

    spec: MapSpec
    width: float
    text: float
    t: Translator
    share: float = 1.0

    @property
    def ink(self) -> Ink:
        """How the small print looks."""
        return Ink(0.66 * self.share * self.text, colour=theme.INK_SOFT)

    @property
    def side(self) -> float:
        """Side of the code; 0 where the link has no public address."""
        public = self.spec.link.startswith(("https://", "http://"))
        return print_furniture.code_side(self.spec.link, _MODULE * self.text) if public else 0.0

    @property
    def _room(self) -> float:
        return self.width - (self.side + 1.2 * self.text if self.side else 0.0)

    @property
    def lines(self) -> tuple[str, ...]:
        """Lines of the sources and dates."""
        texts = [*self.spec.credits, self.spec.date, self.t("print.made", name=self.t("app.name"))]
        return tuple(line for text in texts if text for line in wrap(text, self.ink.size, self._room))

    @property
    def link(self) -> tuple[str, ...]:
        """Lines of the link, without its scheme."""
        return wrap(self.spec.link.split("://")[-1], self.ink.size, self._room) if self.spec.link else ()

    @property
    def height(self) -> float:
        """Height of all."""
        return max((len(self.lines) + len(self.link)) * self.ink.size * LEADING, self.side)

    def draw(self, page: Page, left: float, bottom: float) -> None:
        """Write all from the lower left corner."""
        y = page.lines(left, bottom - self.height, self.lines, self.ink)
        page.lines(left, y, self.link, Ink(self.ink.size, Weight.SEMIBOLD))
        if self.side:
            right = left + self.width
            box = Box(right - self.side, bottom - self.side, self.side, self.side)
            print_furniture.code(page, self.spec.link, box)
