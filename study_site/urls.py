"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="staff-home")),
    path("", include("trials.urls")),
    path("", include("analysis.urls")),
    path("admin/", admin.site.urls),
]
