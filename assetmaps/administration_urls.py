"""The addresses of Django's administration; `urls` imports this module when one of them is needed."""

from django.contrib import admin

from accounts.lazy_views import load_administration

load_administration()
urlpatterns = admin.site.get_urls()
