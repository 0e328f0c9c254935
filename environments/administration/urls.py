from accounts.lazy_views import StaffViews, path

views = StaffViews("environments.administration.views")
logo = StaffViews("environments.administration.logo.views")

urlpatterns = [
    path("logo/<slug:organisation>/", logo.change, name="change_logo"),
    path("logo/<slug:organisation>/verwijderen/", logo.remove, name="remove_logo"),
    path("logo/<slug:organisation>/<int:version>/", logo.see, name="see_logo"),
    path("omgevingen/<int:environment_id>/afbeelding/", views.change_picture, name="change_picture"),
    path("omgevingen/<int:environment_id>/afbeelding/verwijderen/", views.remove_picture, name="remove_picture"),
    path("omgevingen/<int:environment_id>/afbeelding/<int:version>/", views.see_picture, name="see_picture"),
    path("omgevingen/<int:environment_id>/adres/", views.new_address, name="new_address"),
    path("omgevingen/<int:environment_id>/adres/goedkeuren/", views.approve_address, name="approve_address"),
    path("omgevingen/<int:environment_id>/adres/annuleren/", views.cancel_address, name="cancel_address"),
    path("omgevingen/rol/<int:access_id>/", views.change_role, name="change_role"),
]
