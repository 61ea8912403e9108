"""How much one upload may cost."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that hold for each upload, whatever the file says about itself.

    Attributes
    ----------
    upload_bytes, unpacked_bytes
        Size of the file, and of all that it unpacks to.
    members
        Files inside an archive.
    rows, columns, cells, text
        Size of a table, and characters in one cell.
    vertices
        Points of all shapes together.
    raster_cells
        Cells of a grid.
    memory_bytes, cpu_seconds, wall_seconds
        Address space and time of the process that reads the file.
    waiting_seconds
        How long an upload waits for others to be read.
    """

    upload_bytes: int = 10 * MB
    unpacked_bytes: int = 60 * MB
    members: int = 1_000
    rows: int = 100_000
    columns: int = 250
    cells: int = 2_000_000
    text: int = 2_000
    vertices: int = 500_000
    raster_cells: int = 4_000_000
    memory_bytes: int = 1_500 * MB
    cpu_seconds: int = 20
    wall_seconds: float = 30.0
    waiting_seconds: float = 20.0


DEFAULT = Limits()
