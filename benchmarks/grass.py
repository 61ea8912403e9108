"""GRASS GIS as a peer: one raster of friction, the sources, and r.cost on them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray


class Grass:
    """A location in a temporary folder; `found` is False where GRASS is not installed."""

    def __init__(self, friction: NDArray[np.float64], sources: list[tuple[int, int]]) -> None:
        self.friction, self.sources = friction, sources
        self.found = shutil.which("grass") is not None

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp())
        if self.found:
            self._prepare()
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)

    def cost(self, neighbours: int) -> None:
        """Compute the raster ``cost``."""
        flags = ["-k"] if neighbours == 16 else []
        self._run("r.cost", *flags, "input=friction", "output=cost", "start_points=sources", "memory=4000")

    def read(self) -> NDArray[np.float64]:
        """Return the raster ``cost``, NaN where it has no value."""
        raw = self.folder / "cost.bin"
        self._run("r.out.bin", "input=cost", f"output={raw}", "bytes=8", "null=-1")
        values = np.fromfile(raw, "<f8").reshape(self.friction.shape)
        return np.where(values < 0.0, np.nan, values)

    def _prepare(self) -> None:
        rows, cols = self.friction.shape
        location = self.folder / "location"
        subprocess.run(["grass", "-c", "XY", "-e", str(location)], check=True, capture_output=True)
        home = subprocess.run(
            ["grass", "--config", "path"], check=True, capture_output=True, text=True
        ).stdout.strip()
        session = self.folder / "gisrc"
        session.write_text(f"GISDBASE: {self.folder}\nLOCATION_NAME: location\nMAPSET: PERMANENT\n")
        path = os.pathsep.join([f"{home}/bin", f"{home}/scripts", os.environ["PATH"]])
        libraries = os.pathsep.join([f"{home}/lib", os.environ.get("LD_LIBRARY_PATH", "")])
        self.environment = os.environ | {
            "GISBASE": home, "GISRC": str(session), "PATH": path, "LD_LIBRARY_PATH": libraries,
        }  # fmt: skip
        raw, points = self.folder / "friction.bin", self.folder / "sources.txt"
        raw.write_bytes(np.where(np.isfinite(self.friction), self.friction, np.nan).astype("<f8").tobytes())
        points.write_text("".join(f"{col + 0.5}|{rows - row - 0.5}\n" for row, col in self.sources))
        extent = [f"north={rows}", "south=0", f"east={cols}", "west=0", f"rows={rows}", f"cols={cols}"]
        self._run("r.in.bin", "-d", f"input={raw}", "output=friction", "bytes=8", *extent)
        self._run("g.region", "raster=friction")
        self._run("v.in.ascii", f"input={points}", "output=sources")

    def _run(self, *command: str) -> None:
        overwrite = [] if command[0] == "g.region" else ["--overwrite"]
        done = subprocess.run([*command, *overwrite], env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr[-500:]}")
