"""Every address of the site."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from django.views.generic import RedirectView

from study_site import docs_pages, error_pages
from trials.studio.login import LimitedLoginForm

admin.site.login_form = LimitedLoginForm

# This form refuses an account that is not staff with a message. Django's own would redirect it
# endlessly.
login = LoginView.as_view(template_name="studio/login.html", authentication_form=LimitedLoginForm)

handler400, handler403 = error_pages.bad_request, error_pages.permission_denied
handler404, handler500 = error_pages.page_not_found, error_pages.server_error

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="studio")),
    path("login/", login, name="login"),
    path("logout/", LogoutView.as_view(next_page="login"), name="logout"),
    path("", include("trials.urls")),
    path("", include("analysis.urls")),
    path("studio/", include("trials.studio.urls")),
    path("explain/", include("trials.studio.explain_urls")),
    path("docs/", docs_pages.page),
    path("docs/<path:path>", docs_pages.page, name="docs"),
    path("admin/", admin.site.urls),
]
