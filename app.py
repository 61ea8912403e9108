"""The app: ``streamlit run app.py``."""

from capgap_geo.ui.shell import run

run()
