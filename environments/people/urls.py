from accounts.lazy_views import StaffViews, path

views = StaffViews("environments.people.views")

urlpatterns = [
    path("uitnodigen/", views.invite, name="people_invite"),
    path("uitnodigen/<int:import_id>/", views.show_import, name="people_import"),
    path("uitnodigen/<int:import_id>/voortgang/", views.progress, name="people_import_progress"),
    path("uitnodigen/<int:import_id>/bevestigen/", views.confirm_import, name="people_import_confirm"),
    path("uitnodigen/<int:import_id>/opnieuw/", views.mail_import_again, name="people_import_mail_again"),
    path("uitnodigen/<int:import_id>/verder/", views.continue_import, name="people_import_continue"),
    path("uitnodigen/<int:import_id>/weggooien/", views.discard_import, name="people_import_discard"),
    path("uitnodigen/<int:import_id>/niet-gelukt/", views.wrong_lines, name="people_import_wrong"),
    path("exporteren/", views.export, name="people_export"),
    path("opnieuw-uitnodigen/", views.invite_chosen_again, name="people_invite_chosen_again"),
    path("deactiveren/", views.deactivate, name="people_deactivate"),
    path("<int:person_id>/uitnodigen/", views.invite_again, name="people_invite_again"),
]
