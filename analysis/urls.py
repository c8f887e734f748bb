"""The staff's addresses."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from analysis.results import views
from trials.studio.login import LimitedLoginForm

# This form refuses an account that is not staff in words, instead of letting it in circles.
login = LoginView.as_view(template_name="staff/login.html", authentication_form=LimitedLoginForm)

# Login and logout lie outside staff/, where every name may be a study's.
urlpatterns = [
    path("login/", login, name="staff-login"),
    path("logout/", LogoutView.as_view(next_page="staff-login"), name="staff-logout"),
    path("staff/", views.home, name="staff-home"),
    path("staff/", include("analysis.export.urls")),
    path("staff/<slug:slug>/", views.study, name="staff-study"),
    path("staff/<slug:slug>/<slug:name>.csv", views.download, name="staff-download"),
    path("staff/<slug:slug>/figure/<slug:name>.<slug:kind>", views.figure, name="staff-figure"),
    path("staff/<slug:slug>/lift-blind/", views.lift_blind, name="staff-lift-blind"),
]
