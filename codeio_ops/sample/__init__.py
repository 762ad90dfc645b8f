"""Input/output pairs: drawn, confirmed, measured, checked again in another image."""
