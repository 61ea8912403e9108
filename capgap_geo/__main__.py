"""``python -m capgap_geo`` is the command line."""

from capgap_geo.cli import main

main()
