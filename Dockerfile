# The server: pages, API and workers. compose.yaml runs it; docs/operating.md says how.
FROM python:3.14-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/patt
WORKDIR /build
# What is pinned changes seldom, so it is a layer of its own.
COPY requirements/run.txt requirements/run.txt
RUN /opt/patt/bin/pip install --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE MANIFEST.in ./
COPY src src
RUN /opt/patt/bin/pip install --no-deps --no-build-isolation . \
    && /opt/patt/bin/pip uninstall --yes pip setuptools \
    && /opt/patt/bin/python -m compileall -q /opt/patt/lib

FROM python:3.14-slim-trixie
LABEL org.opencontainers.image.title="PATT" \
      org.opencontainers.image.description="Data quality for World of Warcraft guilds" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --system --gid 10001 patt \
    && useradd --system --uid 10001 --gid patt --home-dir /var/lib/patt --create-home --shell /usr/sbin/nologin patt
COPY --from=build /opt/patt /opt/patt
# Nothing is written into the image: the root file system may be read-only. The embedded database is for one computer;
# here PATT_DATABASE_URL_FILE names a server.
ENV PATH=/opt/patt/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PATT_DATA_DIR=/var/lib/patt
WORKDIR /var/lib/patt
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["patt"]
CMD ["serve", "--host", "0.0.0.0", "--no-worker"]
