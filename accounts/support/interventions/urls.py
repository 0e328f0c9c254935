from accounts.lazy_views import StaffViews, path

views = StaffViews("accounts.support.interventions.views")

urlpatterns = [
    path("goedkeuringen/", views.approvals, name="support_approvals"),
    path("goedkeuringen/<int:intervention_id>/goedkeuren/", views.approve, name="support_approve"),
    path("goedkeuringen/<int:intervention_id>/annuleren/", views.cancel, name="support_cancel"),
    path("goedkeuringen/<int:intervention_id>/uitvoeren/", views.carry_out, name="support_carry_out"),
    path("<int:person_id>/wachttijd-opheffen/", views.lift_wait, name="support_lift_wait"),
    path("<int:person_id>/sessies-beeindigen/", views.end_sessions, name="support_end_sessions"),
    path("<int:person_id>/code/", views.bridge_code, name="support_bridge_code"),
    path("<int:person_id>/code/eenmalig/", views.bridge_code_shown, name="support_bridge_code_shown"),
    path("<int:person_id>/code/intrekken/", views.withdraw_code, name="support_withdraw_code"),
    path("<int:person_id>/herstellen/", views.reset, name="support_reset"),
]
