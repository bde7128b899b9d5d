# syntax=docker/dockerfile:1
# The operator's image: nothing but Python, the locked dependencies and the package; no shell is needed, no root.
#
# Bases are pinned by tag here and by digest where an image is released: pass
#   --build-arg PYTHON_DIGEST=@sha256:... --build-arg UV_DIGEST=@sha256:...
# with what `docker buildx imagetools inspect IMAGE --format '{{.Manifest.Digest}}'` prints (image.yml does so).
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim-bookworm
ARG PYTHON_DIGEST=
ARG UV_IMAGE=ghcr.io/astral-sh/uv:0.13.9
ARG UV_DIGEST=

FROM ${UV_IMAGE}${UV_DIGEST} AS uv

FROM ${PYTHON_IMAGE}${PYTHON_DIGEST} AS build
COPY --from=uv /uv /usr/local/bin/uv
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /app
# The dependencies change seldom and the code often: two layers.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --locked --no-dev --no-install-project
COPY README.md ./
COPY operator ./operator
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --locked --no-dev --no-editable

FROM ${PYTHON_IMAGE}${PYTHON_DIGEST}
LABEL org.opencontainers.image.title="awslab-operator" \
      org.opencontainers.image.description="Turns custom resources into AWS infrastructure and keeps it true." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /app/.venv /app/.venv
# The root file system may be read-only: what a library wants to write goes to /tmp, and bytecode is there already.
# Two arenas: with one for each thread, glibc keeps half as much again.
ENV PATH=/app/.venv/bin:$PATH \
    HOME=/tmp \
    MALLOC_ARENA_MAX=2 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
# A number, so that Kubernetes can prove runAsNonRoot. Kubernetes' probes replace HEALTHCHECK.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["awslab"]
CMD ["operator"]
