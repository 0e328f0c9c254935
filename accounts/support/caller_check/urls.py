from django.contrib import admin
from django.urls import path

from accounts.support.caller_check import views

closed = admin.site.admin_view

urlpatterns = [
    path("<int:person_id>/beller/", closed(views.caller_check), name="support_caller_check"),
    path("<int:person_id>/beller/versturen/", closed(views.send), name="support_caller_check_send"),
]
