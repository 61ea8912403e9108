"""The app: ``streamlit run app.py``."""

if __name__ == "__main__":  # one run of a page, for one reader
    from capgap_geo.ui.shell import run

    run()
else:  # the server, which Streamlit finds by this name
    from streamlit.starlette import App

    from capgap_geo.ui.server import middleware

    app = App(__file__, middleware=middleware())
