"""The command line: ``capgap``, also as ``python -m capgap_geo``."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

import click

from capgap_geo.cli.planning import plan
from capgap_geo.cli.results import assess, brief, map_
from capgap_geo.cli.upkeep import bench, completion, data, password, run, verify
from capgap_geo.cli.uploads import import_, validate
from capgap_geo.errors import CapGapError

#: Nothing was wrong; something that was checked is not right; the command could not be carried out.
OK, FOUND, FAILED = 0, 1, 2
_INTERRUPTED = 130

EXAMPLES = """\b
Examples
  capgap run
  capgap assess --service police --threshold 240
  capgap assess --service shelter --profile women --output a.csv
  capgap map --service police --output m.png
  capgap map --from "https://.../?service=shelter&profile=women" --output m.pdf --size a4
  capgap brief --area d:17 --lang en --output madre_de_dios.pdf
  capgap plan --best 3 --service police --output plan.json
  capgap validate facilities.csv
  capgap verify
\b
Exit codes
  0  done
  1  done, and something that was checked is not right
  2  could not be done; the last line says why
"""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXAMPLES,
    invoke_without_command=True,
)
@click.version_option(package_name="capgap-geo", prog_name="capgap", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Where, in Peru, a victim of human trafficking is beyond the reach of help.

    The question is asked with the same names as in the address of the app.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for command in (run, assess, map_, brief, plan, validate, import_, verify, bench, data, password, completion):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors are one line, and the process ends with a code of `EXAMPLES`."""
    if hasattr(signal, "SIGPIPE"):
        # Whoever reads from us may have enough: end as other tools do, without a word.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(_code(list(sys.argv[1:] if arguments is None else arguments)))


def _code(arguments: list[str]) -> int:
    try:
        result = cli.main(arguments, prog_name="capgap", standalone_mode=False)
    except click.exceptions.Abort:
        return _INTERRUPTED
    except click.ClickException as error:
        return _fail(error.format_message())
    except CapGapError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
    return result if isinstance(result, int) else OK


def _fail(message: str) -> int:
    line = "; ".join(part.strip() for part in message.splitlines() if part.strip())
    click.echo(f"capgap: {line}", err=True)
    return FAILED
