from django.contrib import admin
from django.urls import path

from environments.administration import views
from environments.administration.logo import views as logo

guarded = admin.site.admin_view

urlpatterns = [
    path("logo/<slug:organisation>/", guarded(logo.change), name="change_logo"),
    path("logo/<slug:organisation>/verwijderen/", guarded(logo.remove), name="remove_logo"),
    path("logo/<slug:organisation>/<int:version>/", guarded(logo.see), name="see_logo"),
    path("omgevingen/<int:environment_id>/afbeelding/", guarded(views.change_picture), name="change_picture"),
    path(
        "omgevingen/<int:environment_id>/afbeelding/verwijderen/", guarded(views.remove_picture), name="remove_picture"
    ),
    path("omgevingen/<int:environment_id>/afbeelding/<int:version>/", guarded(views.see_picture), name="see_picture"),
    path("omgevingen/<int:environment_id>/adres/", guarded(views.new_address), name="new_address"),
    path("omgevingen/<int:environment_id>/adres/goedkeuren/", guarded(views.approve_address), name="approve_address"),
    path("omgevingen/<int:environment_id>/adres/annuleren/", guarded(views.cancel_address), name="cancel_address"),
    path("omgevingen/rol/<int:access_id>/", guarded(views.change_role), name="change_role"),
]
