"""Headers that every page carries."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from trials.participant.framing import FRAMED, FRAMES, PERSON_COOKIE

# The templates have no inline script or style, so none is allowed.
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

# Browser features that no page of the site uses; they are switched off.
PERMISSIONS = ", ".join(
    f"{item}=()"
    for item in (
        "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation",
        "gyroscope", "magnetometer", "microphone", "midi", "payment", "serial", "usb",
    )
)  # fmt: skip


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Let a page, and a static file, load nothing but this site's own files, and use no device."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response

    return middleware


# A browser also checks the redirects of a submitted form, so both lists name the same hosts.
FRAMED_POLICY = POLICY.replace("form-action 'self'", f"form-action 'self' {FRAMES}").replace(
    "frame-ancestors 'none'", f"frame-ancestors {FRAMES}"
)


def mturk_frames(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Let the pages of a study that recruits on Mechanical Turk be shown in its frame.

    Inside another site's frame a browser keeps only cookies that say SameSite=None; Secure. Only
    the cookie of the participant and the cookie of the forms have it, and never that of the staff.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if FRAMED in request.META:
            response.headers["Content-Security-Policy"] = FRAMED_POLICY
            del response.headers["X-Frame-Options"]
            for name, cookie in response.cookies.items() if request.is_secure() else ():
                if name.startswith(PERSON_COOKIE) or name == settings.CSRF_COOKIE_NAME:
                    cookie["samesite"], cookie["secure"] = "None", True
        return response

    return middleware
