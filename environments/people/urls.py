from django.contrib import admin
from django.urls import path

from environments.people import views

_staff = admin.site.admin_view

urlpatterns = [
    path("uitnodigen/", _staff(views.invite), name="people_invite"),
    path("uitnodigen/<int:import_id>/", _staff(views.show_import), name="people_import"),
    path("uitnodigen/<int:import_id>/voortgang/", _staff(views.progress), name="people_import_progress"),
    path("uitnodigen/<int:import_id>/bevestigen/", _staff(views.confirm_import), name="people_import_confirm"),
    path("uitnodigen/<int:import_id>/opnieuw/", _staff(views.mail_import_again), name="people_import_mail_again"),
    path("uitnodigen/<int:import_id>/verder/", _staff(views.continue_import), name="people_import_continue"),
    path("uitnodigen/<int:import_id>/weggooien/", _staff(views.discard_import), name="people_import_discard"),
    path("uitnodigen/<int:import_id>/niet-gelukt/", _staff(views.wrong_lines), name="people_import_wrong"),
    path("exporteren/", _staff(views.export), name="people_export"),
    path("opnieuw-uitnodigen/", _staff(views.invite_chosen_again), name="people_invite_chosen_again"),
    path("deactiveren/", _staff(views.deactivate), name="people_deactivate"),
    path("<int:person_id>/uitnodigen/", _staff(views.invite_again), name="people_invite_again"),
]
