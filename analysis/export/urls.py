"""URLs of a study's results bundles, below ``studio/study/<slug>/``."""

from django.urls import path

from analysis.export import views

urlpatterns = [
    path("exports/", views.exports, name="studio-exports"),
    path("exports/<int:pk>.zip", views.export_download, name="studio-export-file"),
]
