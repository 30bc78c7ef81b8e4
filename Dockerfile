# Dialer in a container: `docker build .` gives the worker, `--target sandbox` an image that runs the demo, and the
# simulator for docker-compose.yml.
#
# The base image is pinned to a patch release of Python by its tag. Pin the digest as well, with what your own
# registry says it is (`docker buildx imagetools inspect`), where images must never change under a tag.
FROM python:3.13.15-slim-trixie AS python


FROM python AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements.lock requirements-dev.lock ./
# setuptools builds Dialer's wheel, at the version and with the hashes of the lock; it does not get into the image.
RUN sed -n '/^setuptools==/,/[^\\]$/p' requirements-dev.lock > build.lock \
    && pip install --require-hashes --only-binary :all: -r build.lock
RUN python -m venv --without-pip /opt/dialer \
    && pip --python /opt/dialer/bin/python install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md ./
COPY config config
COPY tasks tasks
COPY worker worker
COPY sandbox sandbox
RUN pip wheel --no-deps --no-build-isolation --no-index --wheel-dir dist . \
    && pip --python /opt/dialer/bin/python install --no-deps --no-index dist/*.whl


FROM build AS build-sandbox
COPY requirements-sandbox.lock ./
RUN pip --python /opt/dialer/bin/python install --require-hashes --only-binary :all: -r requirements-sandbox.lock


FROM python AS runtime
# pip compiled everything when it installed it; the root file system may be read-only.
ENV PATH=/opt/dialer/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /srv
# With names, because Celery takes a user or group without one for a superuser.
RUN groupadd --gid 10001 dialer \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /srv --shell /usr/sbin/nologin dialer
# A number, so that Kubernetes' runAsNonRoot can tell; it owns no file of the image.
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["dialer"]


FROM runtime AS sandbox
COPY --from=build-sandbox /opt/dialer /opt/dialer
CMD ["demo"]


# The last stage is what `docker build .` makes.
FROM runtime AS worker
COPY --from=build /opt/dialer /opt/dialer
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s \
    CMD ["dialer", "healthy"]
CMD ["worker", "--concurrency", "8"]
