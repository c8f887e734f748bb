"""The log of people's sessions: when they were on a screen, and what happened there."""

from __future__ import annotations

from django.db import models

from trials.models.participants import Participant


class StepVisit(models.Model):
    """When a person was on one screen: first requested, done, how often shown."""

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="visits")
    step = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=40)
    shown_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    n_shown = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["participant", "step"]
        constraints = [
            models.UniqueConstraint(fields=["participant", "step"], name="visit_once"),
        ]


class Event(models.Model):
    """Something that happened on a person's screen, as the browser reported it.

    ``at_ms`` counts from when the page was ready, by the browser's clock.
    """

    class Kind(models.TextChoices):
        BLUR = "blur"
        FOCUS = "focus"
        HIDDEN = "hidden"
        VISIBLE = "visible"
        IMAGE_SLOW = "image_slow"
        IMAGE_FAILED = "image_failed"
        IMAGE_RECOVERED = "image_recovered"
        OFFLINE = "offline"
        RETRIED = "retried"
        ZOOM = "zoom"
        PASTE = "paste"
        RESIZE = "resize"
        OPACITY = "opacity"
        # The drawer with the kinds: opened or closed.
        KINDS = "kinds"
        # Of the layout "equal": a matched part that was enlarged, an example that was swiped to.
        PART = "part"
        EXAMPLE = "example"
        # Of an enlarged photo: how much larger and where (2.5x at 40 %, 60 %), its brightness and
        # contrast.
        MAGNIFY = "magnify"
        WINDOW = "window"
        # Of the worked example: a part that was tried, and whether it was the one asked for.
        TRY = "try"
        HONEYPOT = "honeypot"
        WEBDRIVER = "webdriver"
        # The browser's translator changed the page; the detail is the language it wrote, if known.
        TRANSLATED = "translated"
        # Reported by the entry page: the session continued on a device that the study does not
        # accept.
        OTHER_DEVICE = "other_device"
        # Of an interactive trial: a part selected or left out (r3c4 on), a button that changes many
        # (reset, invert, a preset), how long an answer was in view (ms), one that did not come.
        CELL = "cell"
        MASK = "mask"
        DWELL = "dwell"
        RERANK_FAILED = "rerank_failed"
        # Of the server: mask, votes/voters and class folder of an answer.
        RERANKED = "reranked"

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="events")
    step = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=Kind)
    at_ms = models.PositiveIntegerField()
    detail = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["participant", "pk"]
        constraints = [
            # A batch that a browser sends twice, because the response was lost, is stored once.
            models.UniqueConstraint(
                fields=["participant", "step", "kind", "at_ms", "detail"], name="event_once"
            ),
        ]
