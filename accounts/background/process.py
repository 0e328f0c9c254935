"""The worker process: threads that run the tasks of each queue, a heartbeat, and what is done at intervals.

django-tasks-db stores the tasks and runs each. What it lacks is here: several queues at once, polling without a lock,
recovery, jobs at intervals.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread

from django.conf import settings
from django.db import close_old_connections, connections
from django.db.models import Q
from django.utils.module_loading import import_string

from accounts import limits
from accounts.background import queues, recovery, running, schedule, stopping
from accounts.background.models import Worker

log = logging.getLogger(__name__)


@dataclass
class Interval:
    """Something that the main thread does every so many seconds."""

    work: Callable[[], object]
    seconds: float
    next_at: float = 0.0

    def run_if_due(self) -> None:
        if time.monotonic() < self.next_at:
            return
        self.next_at = time.monotonic() + self.seconds
        try:
            self.work()
        except Exception:  # the database is away, say; the next time tries again
            log.exception("%s failed in the worker", getattr(self.work, "__qualname__", self.work))
            connections.close_all()


@dataclass
class Process:
    """``parent``: the process whose end ends this one, of a worker that is part of the server. ``replaces``: the name
    of a worker that has certainly ended."""

    name: str = field(default_factory=running.new_name)
    parent: int | None = None
    replaces: str = ""
    _runners: list[running.Runner] = field(default_factory=list)

    def run(self) -> None:
        """Until SIGTERM or SIGINT; tasks in hand are finished."""
        stopping.requested.clear()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.requested.set())
        log.info("worker %s begins", self.name)
        for name in settings.WORKER_BEGINS:
            import_string(name)()
        intervals = self._intervals()
        threads = [
            Thread(target=self._run_queue, args=(queue, f"{queue}-{number}"), name=f"{queue}-{number}", daemon=True)
            for queue, count in queues.THREADS.items()
            for number in range(count)
        ]
        for each in intervals:
            each.run_if_due()  # the first heartbeat comes before the first task
        for thread in threads:
            thread.start()
        while not stopping.requested.wait(1):
            for each in intervals:
                each.run_if_due()
            close_old_connections()
            if self.parent and os.getppid() != self.parent:
                log.error("the server that this worker belongs to is gone; it ends too")
                stopping.requested.set()
        self._stop(threads)

    def _intervals(self) -> list[Interval]:
        every = [
            Interval(self.heartbeat, limits.TASK_HEARTBEAT.total_seconds()),
            Interval(recovery.recover, limits.TASK_HEARTBEAT.total_seconds()),
            Interval(schedule.enqueue_due, limits.TASK_HEARTBEAT.total_seconds()),
        ]
        return every + [Interval(import_string(name), seconds) for name, seconds in settings.WORKER_INTERVALS.items()]

    def heartbeat(self) -> None:
        """Say that this worker is there."""
        if self.replaces:
            Worker.objects.filter(name=self.replaces).delete()
            self.replaces = ""
        running.heartbeat(self.name)

    def _run_queue(self, queue: str, thread: str) -> None:
        runner = running.Runner(f"{self.name}{recovery.THREAD}{thread}")
        self._runners.append(runner)
        was_interrupted = False
        while not stopping.requested.is_set():
            try:
                if was_interrupted:
                    recovery.release_tasks_of(runner.name)
                    was_interrupted = False
                runner.run(Q(queue_name=queue))
            except Exception:  # the database is away, say
                log.exception("the queue %s was interrupted", queue)
                was_interrupted = True
                connections.close_all()
                stopping.requested.wait(limits.TASK_WORKER_AGAIN.total_seconds())
            close_old_connections()
            stopping.requested.wait(limits.TASK_POLL.total_seconds())
        connections.close_all()

    def _stop(self, threads: list[Thread]) -> None:
        for runner in self._runners:
            runner.is_stopped = True
        until = time.monotonic() + limits.STOP_DEADLINE.total_seconds()
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            log.error("worker %s ends with tasks in hand, which another one begins anew", self.name)
        else:
            log.info("worker %s ends", self.name)
        Worker.objects.filter(name=self.name).delete()
        connections.close_all()
