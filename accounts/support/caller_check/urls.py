from accounts.lazy_views import StaffViews, path

views = StaffViews("accounts.support.caller_check.views")

urlpatterns = [
    path("<int:person_id>/beller/", views.caller_check, name="support_caller_check"),
    path("<int:person_id>/beller/versturen/", views.send, name="support_caller_check_send"),
]
