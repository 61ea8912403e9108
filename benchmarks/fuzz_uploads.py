"""Fuzz the readers of uploads: no crash, no hang, no unnamed error.

    python benchmarks/fuzz_uploads.py --inputs 100000          mutated files, in confined processes
    python benchmarks/fuzz_uploads.py --atheris -runs=100000   coverage-guided, where atheris is installed

Findings are kept in tests/fuzz/seeds, which the test suite reads.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

GUIDED = "--atheris" in sys.argv
if GUIDED:
    import atheris

    # Only our own modules count for coverage; they must be instrumented as they are imported.
    with atheris.instrument_imports(include=["capgap_geo"]):
        from capgap_geo.sources.uploads import geojson, kml, maps, raster, tables, text, worker  # noqa: F401

from capgap_geo.errors import UploadError  # noqa: E402
from capgap_geo.sources.uploads.limits import Limits  # noqa: E402
from capgap_geo.sources.uploads.sandbox import confine  # noqa: E402
from capgap_geo.sources.uploads.worker import parse  # noqa: E402

SEEDS = ROOT / "tests" / "fuzz" / "seeds"
SLOWEST = 2.0
BATCH = 2_000
#: One process reads a whole batch here: it may take what thousands of inputs leave behind.
LIMITS = Limits(cpu_seconds=600, memory_bytes=4_000_000_000)
#: What a reader calls itself; anything else in an `unreadable` is an error that nobody named.
NAMED = {"ZIP", "XLSX", "CSV", "GeoJSON", "KML", "GeoPackage", "Shapefile", "GeoParquet", "GeoTIFF"}
TOKENS = (
    b"NaN",
    b"Infinity",
    b"1e400",
    b"-0",
    b"null",
    b"{}",
    b"[]",
    b'"',
    b"'",
    b"\n",
    b",",
    b";",
    b"\t",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"<!ENTITY a 'b'>",
    b"<![CDATA[",
    b"]]>",
    b"&#0;",
    b"9" * 400,
    b"=1+1",
    b"{{7*7}}",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80",
    b"../",
    b"#geo+lat",
    b"\xf0\x9f\x98\x80",
    b"\xed\xa0\x80",
)


def examples() -> dict[str, bytes]:
    """One good file of each format."""
    import geopandas as gpd
    import numpy as np
    import openpyxl
    import rasterio
    import shapely

    shapes = [shapely.box(-70, -13, -69, -12), shapely.Point(-70, -12).buffer(0.1, 4)]
    table = gpd.GeoDataFrame({"name": ["Ñaña", "b"], "ha": [1.5, 2.0]}, geometry=shapes, crs="EPSG:4326")
    made = {
        "csv": "Dpto;Lat;Lon\nÁncash;-9,5;-77°30'S\n".encode("cp1252"),
        "hxl": b"a,b\n#adm1+name,#affected\nPuno,3\n",
        "utf16": "a\tb\n1\t2\n".encode("utf-16"),
        "geojson": table.to_json().encode(),
        "kml": b"<?xml version='1.0'?><kml><Placemark><name>a</name><ExtendedData><Data name='x'>"
        b"<value>1</value></Data></ExtendedData><Point><coordinates>-70,-12,0</coordinates></Point></Placemark></kml>",
    }
    made["kmz"] = _zip({"doc.kml": made["kml"]})
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    made["geoparquet"] = buffer.getvalue()
    book = openpyxl.Workbook()
    for row in (["a", "b"], [1, "x"], [2.5, None]):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    made["xlsx"] = buffer.getvalue()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table.to_file(folder / "a.gpkg")
        table.to_file(folder / "a.shp")
        made["gpkg"] = (folder / "a.gpkg").read_bytes()
        made["shapefile"] = _zip({p.name: p.read_bytes() for p in folder.glob("a.[sdpc][hbrp][pfxjg]")})
    with rasterio.MemoryFile() as memory:
        place = rasterio.transform.from_origin(-80, 0, 0.1, 0.1)
        with memory.open(
            driver="GTiff", width=8, height=8, count=1, dtype="float32", crs="EPSG:4326", transform=place
        ) as dataset:
            dataset.write(np.ones((8, 8), "float32"), 1)
        made["geotiff"] = memory.read()
    return made


def _zip(members: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def mutated(good: dict[str, bytes], seed: int, number: int) -> bytes:
    """Return one input: a good file with some bytes changed, inside its archive if it is one."""
    rng = random.Random(f"{seed}/{number}")  # noqa: S311  # no secret
    name = rng.choice(sorted(good))
    content = good[name]
    if content.startswith(b"PK") and rng.random() < 0.7:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {n: archive.read(n) for n in archive.namelist()}
        victim = rng.choice(sorted(members))
        members[victim] = _changed(members[victim], rng)
        return _zip(members)
    return _changed(content, rng)


def _changed(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0 if data:
                data[min(at, len(data) - 1)] = rng.randrange(256)
            case 1:
                data[at:at] = rng.choice(TOKENS)
            case 2:
                del data[at : at + rng.randrange(1, 40)]
            case 3:
                data[at:at] = data[at : at + rng.randrange(1, 60)] * rng.randrange(1, 8)
            case 4:
                token = rng.choice(TOKENS)
                data[at : at + len(token)] = token
            case _:
                data[at:at] = rng.randbytes(rng.randrange(1, 8))
    return bytes(data)


def verdict(content: bytes) -> str:
    """Return ``ok``, the code of the refusal, or what is wrong: ``hang``, ``unnamed ...``."""
    start = time.perf_counter()
    try:
        parse(content, "x", limits=LIMITS)
        said = "ok"
    except UploadError as error:
        said = error.code
        if error.code == "upload_unreadable" and error.details["format"] not in NAMED:
            said = f"unnamed {error.details['format']}"
    except BaseException as error:  # whatever it is, it is a finding
        said = f"unnamed {type(error).__name__}"
    return "hang" if time.perf_counter() - start > SLOWEST else said


def _batch(good: dict[str, bytes], seed: int, numbers: range, pipe: int) -> None:
    for content in good.values():
        parse(content, "x", limits=LIMITS)  # all libraries loaded before the clock runs
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    confine(LIMITS)
    with os.fdopen(pipe, "w") as out:
        for number in numbers:
            out.write(f"{number} ")
            out.flush()
            out.write(verdict(mutated(good, seed, number)) + "\n")


def findings(inputs: int, seed: int) -> tuple[Counter[str], list[tuple[str, bytes]]]:
    """Run inputs in confined processes, a new one after a crash; return verdicts and what is wrong."""
    good = examples()
    counts: Counter[str] = Counter()
    wrong: list[tuple[str, bytes]] = []
    start = 0
    context = multiprocessing.get_context("spawn" if sys.platform != "linux" else "fork")
    while start < inputs:
        numbers = range(start, min(inputs, start + BATCH))
        read, write = os.pipe()
        process = context.Process(target=_batch, args=(good, seed, numbers, write))
        process.start()
        os.close(write)
        last = start - 1
        for number, said in _lines(read):
            last = number
            if said is None:
                said = f"crash {process.join() or process.exitcode}"
            counts[said] += 1
            if said == "hang" or said.startswith(("unnamed", "crash")):
                wrong.append((said, mutated(good, seed, number)))
        process.join()
        if last < numbers.start:
            raise RuntimeError("the process did not begin")
        start = last + 1
    return counts, wrong


def _lines(pipe: int) -> Iterator[tuple[int, str | None]]:
    with os.fdopen(pipe) as lines:
        for line in lines:
            number, _, said = line.rstrip("\n").partition(" ")
            yield int(number), said or None


def keep(content: bytes) -> Path:
    """Keep an input as a regression test."""
    SEEDS.mkdir(parents=True, exist_ok=True)
    path = SEEDS / f"{hashlib.sha256(content).hexdigest()[:16]}.bin"
    path.write_bytes(content)
    return path


def with_atheris(arguments: list[str]) -> None:
    """Let coverage guide the inputs; ends at the first finding."""

    def one(content: bytes) -> None:
        said = verdict(content)
        if said == "hang" or said.startswith("unnamed"):
            raise RuntimeError(f"{said}: {keep(content)}")

    corpus = Path(tempfile.mkdtemp(prefix="capgap-fuzz-"))
    for name, content in examples().items():
        (corpus / name).write_bytes(content)
    atheris.Setup([sys.argv[0], str(corpus), "-max_len=20000", *arguments], one)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--atheris", action="store_true")
    options, rest = parser.parse_known_args()
    if options.atheris:
        with_atheris(rest)
        return 0
    start = time.perf_counter()
    counts, wrong = findings(options.inputs, options.seed)
    for said, content in wrong:
        print(said, keep(content))
    print(json.dumps(dict(counts.most_common())))
    print(f"{options.inputs} inputs, {len(wrong)} findings, {time.perf_counter() - start:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
