# screentime itself, as docker-compose.yml runs it. Label Studio has an image of its own.
FROM python:3.11.14-slim-bookworm

# HOME: docker-compose.yml runs it as whoever owns the projects, who need not be known in here.
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    UV_NO_CACHE=1 \
    UV_SYSTEM_PYTHON=1 \
    UV_COMPILE_BYTECODE=1 \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib

RUN useradd --uid 1000 --user-group --no-create-home --home-dir /tmp screentime \
    && install --directory --owner=screentime --group=screentime /projects

WORKDIR /opt/screentime

# What scripts/setup installs with. pip finds no way through the list: LiteRT needs backports.strenum on every Python,
# and that says of itself that it is not for Python 3.11.
RUN pip install uv==0.13.9

# The packages before the code: they are large, and change less often. Those that it needs, and not those of its
# tests, which are in the pinned list too.
COPY pyproject.toml scripts/requirements-screentime.txt ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > wanted.txt \
    && uv pip install --requirement wanted.txt --constraint requirements-screentime.txt

COPY README.md ./
COPY labelstudio_config labelstudio_config
COPY screentime screentime
RUN uv pip install --no-deps --no-build-isolation .

USER 1000:1000
WORKDIR /projects
EXPOSE 9090
# DOWN, where no project goes on, is answered with 503, which is an error here.
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:9090/health', timeout=5)"]
CMD ["screentime", "--help"]
