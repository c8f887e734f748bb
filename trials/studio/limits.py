"""Limits on the size of uploads."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile


class SizeLimit(FileUploadHandler):
    """Drops a file that is too large before it is written; the form then reports it."""

    n_bytes = 0  # of the whole request; Django gives `content_length` to each part

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django's name
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        self.n_bytes = content_length

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        if self.n_bytes > settings.UPLOAD_MAX_BYTES:
            raise SkipFile
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        return None
