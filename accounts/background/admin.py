"""The administration shows the queue by pages of its own, without arguments and tracebacks."""

from django.contrib import admin
from django_tasks_db.models import DBTaskResult

admin.site.unregister(DBTaskResult)
