from accounts.lazy_views import Views, path

views = Views("accounts.audit.views")

urlpatterns = [path("persoonlijke-gegevens/activiteit/", views.security_activity, name="security_activity")]
