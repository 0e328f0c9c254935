from accounts.lazy_views import StaffViews, path

views = StaffViews("accounts.audit_pages.views")

urlpatterns = [
    path("activiteit/", views.activity, name="audit_activity"),
    path("activiteit/exporteren/", views.export, name="audit_export"),
    path("activiteit/<int:entry_id>/", views.entry, name="audit_entry"),
]
