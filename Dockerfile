FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib \
    NUMBA_CACHE_DIR=/var/cache/capgap/numba

# rasterio's wheel expects the system's libexpat.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libexpat1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home capgap \
    && install --directory --owner=capgap /var/cache/capgap

WORKDIR /app
COPY requirements.txt ./
RUN pip install -r requirements.txt

COPY pyproject.toml README.md LICENSE app.py ./
COPY .streamlit .streamlit
COPY static static
COPY data data
COPY capgap_geo capgap_geo
RUN pip install --no-deps -e . && python -m compileall -q capgap_geo

USER capgap
# Compile the kernels once, here, so that the first reader does not wait for it.
RUN python -c "import capgap_geo as c; s = c.load_study(); [c.assess(s, c.Scenario(measure=m)) for m in c.Measure]"

# Kernels are compiled again for another kind of processor, so this folder stays writable.
VOLUME /var/cache/capgap
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "import os, urllib.request as r; p = os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'); r.urlopen('http://127.0.0.1:8501/' + (p + '/' if p else '') + '_stcore/health', timeout=4)"]
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501"]
