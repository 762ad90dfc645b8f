"""The embedded stack: Postgres, S3, the offline teacher and Airflow as child processes."""
