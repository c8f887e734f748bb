"""Addresses of the exports, below ``staff/``."""

from django.urls import path

from analysis import export_views

urlpatterns = [
    path("<slug:slug>/exports/", export_views.exports, name="staff-exports"),
    path(
        "<slug:slug>/exports/<int:pk>.zip", export_views.export_download, name="staff-export-file"
    ),
]
