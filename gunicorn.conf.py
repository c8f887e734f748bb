"""What gunicorn reads by itself: ``gunicorn study_site.wsgi`` in this folder.

WEB_WORKERS and WEB_THREADS set the processes and the threads of each.
"""

import os
from pathlib import Path
from typing import Any

wsgi_app = "study_site.wsgi"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# Above what a proxy keeps a connection for (nginx: 60 s). If the server closed an idle connection
# first, a request could meet the closing, and the proxy would answer 502.
keepalive = 75


def on_starting(server: Any) -> None:
    """Delete the request counts of earlier processes."""
    if not os.environ.get("METRICS_TOKEN"):
        return
    from study_site.operations.options import metrics_dir

    data_dir = Path(os.environ.get("DATA_DIR") or Path(__file__).parent / "var")
    for path in metrics_dir(data_dir.resolve()).glob("*.db"):
        path.unlink(missing_ok=True)


def child_exit(server: Any, worker: Any) -> None:
    """Tell the metrics that a process has ended."""
    if os.environ.get("METRICS_TOKEN"):
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
