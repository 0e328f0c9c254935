"""Metrics for Prometheus, on an address of their own (`METRICS_ADDRESS`); off while that is empty.

- `collection`: what is counted; nothing else imports prometheus_client, which costs time and memory to load.
- `middleware`: counts requests; only among the middleware while metrics are on.
- `state`: what is looked at when Prometheus asks: readiness, warnings, mail.
- `server`: answers Prometheus; called by gunicorn (`gunicorn.conf.py`) and by the process of background tasks.

The processes of gunicorn count into files that they share, so any of them can answer for all. What each metric means:
docs/operations.md, "Watching".
"""
