from accounts.lazy_views import StaffViews, path

views = StaffViews("accounts.privacy.views")

urlpatterns = [path("mensen/<int:person_id>/gegevens/", views.export_person, name="export_person")]
