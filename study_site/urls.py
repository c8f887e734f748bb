"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from trials.studio.login import LimitedLoginForm

admin.site.login_form = LimitedLoginForm

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="staff-home")),
    path("", include("trials.urls")),
    path("", include("analysis.urls")),
    path("studio/", include("trials.studio.urls")),
    path("studio/study/", include("analysis.monitor.urls")),
    path("admin/", admin.site.urls),
]
