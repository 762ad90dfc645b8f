#!/bin/sh
# Runs a service of docker-compose.yml. Airflow wants to lock its password file for writing, and
# secrets are mounted read-only, so that one is copied, readable by this user only.
set -eu
if [ -r /run/secrets/airflow_passwords ]; then
    umask 077
    cp /run/secrets/airflow_passwords "$AIRFLOW_HOME/passwords.json"
    umask 022
fi
exec "$@"
