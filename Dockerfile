# screentime itself, for the loop of docker-compose.yml. Label Studio has an image of its own.
FROM python:3.11.14-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    MPLCONFIGDIR=/tmp/matplotlib

WORKDIR /opt/screentime

# The packages first: they are large, and change less often than the code.
COPY scripts/requirements-screentime.txt scripts/
RUN pip install -r scripts/requirements-screentime.txt

COPY pyproject.toml README.md ./
COPY labelstudio_config labelstudio_config
COPY screentime screentime
RUN pip install --no-deps --no-build-isolation . \
    && useradd --uid 1000 --user-group --create-home screentime \
    && install -d -o screentime -g screentime /workspace

USER 1000:1000
WORKDIR /workspace
CMD ["screentime", "sync", "--watch", "--workspace", "/workspace"]
