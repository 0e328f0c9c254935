from django.urls import include

from accounts.lazy_views import StaffViews, path

views = StaffViews("accounts.support.desk.views")

urlpatterns = [
    path("", views.find_person, name="support_find"),
    path("meldingen/", views.report_list, name="support_reports"),
    path("meldingen/<int:report_id>/bekeken/", views.close_report, name="support_report_looked_at"),
    path("<int:person_id>/", views.person, name="support_person"),
    path("", include("accounts.support.interventions.urls")),
    path("", include("accounts.support.caller_check.urls")),
]
