from django.contrib import admin
from django.urls import path

from accounts.support.interventions import views

closed = admin.site.admin_view

urlpatterns = [
    path("goedkeuringen/", closed(views.approvals), name="support_approvals"),
    path("goedkeuringen/<int:intervention_id>/goedkeuren/", closed(views.approve), name="support_approve"),
    path("goedkeuringen/<int:intervention_id>/annuleren/", closed(views.cancel), name="support_cancel"),
    path("goedkeuringen/<int:intervention_id>/uitvoeren/", closed(views.carry_out), name="support_carry_out"),
    path("<int:person_id>/wachttijd-opheffen/", closed(views.lift_wait), name="support_lift_wait"),
    path("<int:person_id>/sessies-beeindigen/", closed(views.end_sessions), name="support_end_sessions"),
    path("<int:person_id>/code/", closed(views.bridge_code), name="support_bridge_code"),
    path("<int:person_id>/code/eenmalig/", closed(views.bridge_code_shown), name="support_bridge_code_shown"),
    path("<int:person_id>/code/intrekken/", closed(views.withdraw_code), name="support_withdraw_code"),
    path("<int:person_id>/herstellen/", closed(views.reset), name="support_reset"),
]
