"""The pages in the Airflow UI: server-rendered, read-only, behind the login of Airflow."""
