"""URLs of a study's monitor and of its people, below ``studio/study/<slug>/``."""

from django.urls import path

from analysis.monitor import bulk, views

urlpatterns = [
    path("monitor/", views.live, name="studio-monitor"),
    path("monitor/switch/<int:position>/", views.switch, name="studio-switch"),
    path("people/", views.people, name="studio-people"),
    path("people/selected/", bulk.selected, name="studio-people-act"),
    path("people/<str:who>/", views.person, name="studio-person"),
    path("people/<str:who>/do/<slug:name>/", views.act, name="studio-person-act"),
]
