"""Addresses of the exports, below ``staff/``."""

from django.urls import path

from analysis.export import views

urlpatterns = [
    path("<slug:slug>/exports/", views.exports, name="staff-exports"),
    path("<slug:slug>/exports/<int:pk>.zip", views.export_download, name="staff-export-file"),
]
