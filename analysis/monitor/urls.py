"""Addresses of the researcher's pages while a study runs, below ``studio/study/``."""

from django.urls import path

from analysis.monitor import views as views

urlpatterns = [
    path("<slug:slug>/running/", views.live, name="running-live"),
    path("<slug:slug>/running/switch/<int:position>/", views.switch, name="running-switch"),
    path("<slug:slug>/people/", views.people, name="running-people"),
    path("<slug:slug>/people/<str:who>/", views.person, name="running-person"),
    path("<slug:slug>/people/<str:who>/do/<slug:name>/", views.act, name="running-act"),
]
