from django.contrib import admin
from django.urls import path

from accounts.audit_pages import views

urlpatterns = [
    path("activiteit/", admin.site.admin_view(views.activity), name="audit_activity"),
    path("activiteit/exporteren/", admin.site.admin_view(views.export), name="audit_export"),
    path("activiteit/<int:entry_id>/", admin.site.admin_view(views.entry), name="audit_entry"),
]
