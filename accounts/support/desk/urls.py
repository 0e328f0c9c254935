from django.contrib import admin
from django.urls import include, path

from accounts.support.desk import views

closed = admin.site.admin_view

urlpatterns = [
    path("", closed(views.find_person), name="support_find"),
    path("meldingen/", closed(views.report_list), name="support_reports"),
    path("meldingen/<int:report_id>/bekeken/", closed(views.close_report), name="support_report_looked_at"),
    path("<int:person_id>/", closed(views.person), name="support_person"),
    path("", include("accounts.support.interventions.urls")),
    path("", include("accounts.support.caller_check.urls")),
]
