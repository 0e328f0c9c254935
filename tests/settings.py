"""The production settings, with the environment of a test run."""

import os

os.environ.setdefault("SECRET_KEY", "only-for-tests-" * 4)
os.environ.setdefault("ENCRYPTION_KEYS", "b25seSBmb3IgdGVzdHMgb25seSBmb3IgdGVzdHMgISE=")
os.environ.setdefault("ALLOWED_HOSTS", "localhost,testserver")
os.environ.setdefault("PUBLIC_URL", "https://mijn.assetmaps.nl")
os.environ.setdefault("EMAIL_URL", "memorymail://")
os.environ.setdefault("INTERNAL_NETWORKS", "192.0.2.1")  # the tests ask from this machine, as visitors

from accounts import limits

# How strong a hash is plays no part in most tests, and thousands of strong ones took a third of the time. A test that
# is about the cost asks for the fixture `production_hashes`. Before the settings: a hasher reads its cost once.
PRODUCTION_HASH_COST = {name: getattr(limits, name) for name in ("ARGON2_MEMORY_KIB", "ARGON2_TIME")}
limits.ARGON2_MEMORY_KIB, limits.ARGON2_TIME = 16, 1

from assetmaps.settings import *  # noqa: E402, F403
from assetmaps.settings import BASE_DIR, CACHES, DATABASES, STORAGES, VAR_DIR  # noqa: E402

# The browser tests run a plain http server on localhost; browsers treat that as secure, __Host- cookies included.
SECURE_SSL_REDIRECT = False
AUDIT_HEAD_FILE = ""  # each test begins a chain of its own
KEY_IN_USE = ""  # what one test read would count in the next one
TASKS_IN_PROCESS = True  # few tests have a worker beside them; `tests.background.run_tasks`
STATIC_ROOT = BASE_DIR / "static"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, because threads that share one connection in memory would never meet each other's locks.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    # Threads of a live server keep pooled connections, which keeps the test database from being dropped.
    DATABASES["default"]["OPTIONS"].pop("pool")
if CACHES["default"]["BACKEND"].endswith("SharedCache"):
    # Each worker of pytest-xdist clears its own database, not the one in which another is counting.
    server, _, _ = CACHES["default"]["LOCATION"].rpartition("/")
    CACHES["default"]["LOCATION"] = f"{server}/{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:]}"
