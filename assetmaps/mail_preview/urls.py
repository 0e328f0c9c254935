from accounts.lazy_views import Views, path

views = Views("assetmaps.mail_preview.views")

urlpatterns = [
    path("", views.all_mails, name="mail_preview"),
    path("<slug:template>/", views.one_mail, name="mail_preview_one"),
    path("<slug:template>/<slug:language>/<int:number>/<slug:scheme>/", views.as_html, name="mail_preview_html"),
]
