"""URLs of a study's results, below ``studio/study/<slug>/``."""

from django.urls import path

from analysis.results import views

urlpatterns = [
    path("results/", views.study, name="studio-results"),
    path("results/<slug:name>.csv", views.download, name="studio-table"),
    path("results/figure/<slug:name>.<slug:kind>", views.figure, name="studio-figure"),
    path("results/lift-blind/", views.lift_blind, name="studio-lift-blind"),
]
