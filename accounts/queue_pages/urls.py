from accounts.lazy_views import StaffViews, path

views = StaffViews("accounts.queue_pages.views")

urlpatterns = [
    path("wachtrij/", views.queue, name="queue"),
    path("wachtrij/mail/<int:mail_id>/opnieuw/", views.retry_mail, name="queue_retry_mail"),
    path("wachtrij/taak/<uuid:task_id>/opnieuw/", views.retry_task, name="queue_retry_task"),
]
