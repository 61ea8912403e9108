"""Commands that run, check and rebuild: the app, its password, the verifications, the benches, the data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pandas as pd

from capgap_geo.cli.asking import study_of
from capgap_geo.cli.talking import on_terminal, records, say_json, say_table
from capgap_geo.errors import DataNotFoundError
from capgap_geo.i18n import DEFAULT_LANGUAGE, LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _need(name: str) -> Path:
    path = ROOT / name
    if not path.exists():
        raise DataNotFoundError(f"{path}: not found; this command runs in a copy of the repository")
    return path


@click.command(epilog="\b\nExamples\n  capgap run\n  capgap run --port 8600 --no-browser")
@click.option("--port", type=int, default=8501, show_default=True)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
def run(port: int, no_browser: bool) -> int:
    """Start the app."""
    command = [sys.executable, "-m", "streamlit", "run", str(_need("app.py")), "--server.port", str(port)]
    if no_browser:
        command += ["--server.headless", "true"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own program


@click.command(epilog="\b\nExamples\n  capgap verify\n  capgap verify --lang es\n  capgap verify --json")
@click.option("--lang", type=click.Choice(list(LANGUAGES)), default=DEFAULT_LANGUAGE, show_default=True)
@click.option("--study", "folder", type=click.Path(exists=True, path_type=Path), metavar="FOLDER|ZIP")
@_JSON
def verify(lang: str, folder: Path | None, as_json: bool) -> int:
    """Check results against peers.

    And against publications and answers by hand; needs no network.
    """
    from capgap_geo.i18n import Translator
    from capgap_geo.render import verification

    def progress(check: Any) -> None:
        if on_terminal():
            click.echo(f"\r\033[K{check.key}", err=True, nl=False)

    checks = verification.verify(study_of(folder), progress=progress)
    if on_terminal():
        click.echo("\r\033[K", err=True, nl=False)
    if as_json:
        say_json(verification.records(checks, Translator(lang)))
    else:
        say_table(verification.table(checks, Translator(lang)))
    return int(not all(check.passed for check in checks))


@click.command(epilog="\b\nExamples\n  capgap bench\n  capgap bench least_cost siting")
@click.argument("words", nargs=-1)
def bench(words: tuple[str, ...]) -> int:
    """Measure speed against peers.

    WORDS choose benches by name; all run without any.
    """
    _need("benchmarks/__main__.py")
    command = [sys.executable, "-m", "benchmarks", *words]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own program


@click.group(invoke_without_command=True)
@click.pass_context
def data(context: click.Context) -> None:
    """List, show and rebuild the data packages."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@data.command("list", epilog="\b\nExample\n  capgap data list --json")
@_JSON
def list_(as_json: bool) -> None:
    """List the packages."""
    rows = [_package(path) for path in sorted(_need("data").glob("*/datapackage.json"))]
    table = pd.DataFrame(rows)
    if as_json:
        say_json(records(table))
    else:
        say_table(table.astype(str))


def _package(path: Path) -> dict[str, Any]:
    raw = json.loads(path.read_text("utf-8"))
    licences = {str(item["name"]) for r in [raw, *raw["resources"]] for item in r.get("licenses") or ()}
    return {
        "name": raw["name"], "version": raw.get("version", ""), "files": len(raw["resources"]),
        "bytes": sum(r["bytes"] for r in raw["resources"]), "sources": len(raw.get("sources") or ()),
        "licences": ", ".join(sorted(licences)), "title": raw.get("title", ""),
    }  # fmt: skip


@data.command(epilog="\b\nExample\n  capgap data show facilities")
@click.argument("name")
@_JSON
def show(name: str, as_json: bool) -> None:
    """Verify a package and show its files and sources."""
    from capgap_geo.provenance import read_package

    package = read_package(_folder(name))
    files = pd.DataFrame(
        [
            {"file": r.path.name, "columns": len(r.fields), "sha256": r.hash[:12],
             "licences": ", ".join(i["name"] for i in r.licenses), "sources": len(r.source_ids)}
            for r in package.resources.values()
        ]
    )  # fmt: skip
    if as_json:
        say_json(
            {
                "name": package.name,
                "title": package.title,
                "files": records(files),
                "sources": list(package.sources),
            }
        )
        return
    click.echo(f"{package.name}: {package.title}")
    click.echo()
    say_table(files.astype(str))
    click.echo()
    columns = ["id", "producer", "title", "date_published"]
    say_table(pd.DataFrame(package.sources).reindex(columns=columns).fillna(""))


@data.command(epilog="\b\nExample\n  capgap data build population")
@click.argument("name")
@click.option(
    "--inputs",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where the inputs are.",
)
def build(name: str, inputs: Path | None) -> int:
    """Rebuild a package from its inputs."""
    script = _folder(name) / "build.py"
    command = [sys.executable, str(script), *(["--inputs", str(inputs)] if inputs else [])]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own program


def _folder(name: str) -> Path:
    known = {path.parent.name: path.parent for path in _need("data").glob("*/datapackage.json")}
    if name not in known:
        raise DataNotFoundError(f"{name}: no such package; there are {', '.join(sorted(known))}")
    return known[name]


@click.command(epilog="\b\nExample\n  capgap password >> .env")
def password() -> None:
    """Make the hash of the password of a private instance.

    Asks for the password twice and prints a line for the environment of the app.
    """
    from capgap_geo.ui.password import VARIABLE, Password

    text = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    click.echo(f"{VARIABLE}={Password.of(text).stored()}")


@click.command(
    epilog="""\b
Examples
  eval "$(capgap completion bash)"
  capgap completion fish > ~/.config/fish/completions/capgap.fish
"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print completion for a shell."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(kind(context.find_root().command, {}, "capgap", "_CAPGAP_COMPLETE").source())
