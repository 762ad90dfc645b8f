"""Adapters between Airflow and `codeio_ops`; they hold no logic of the pipeline."""
