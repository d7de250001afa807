"""Uploaded files go to an encrypted spool, never to disk in clear.

Django keeps large uploads in temporary files; those would hold raw tickets. This
handler seals every chunk as it arrives. The spool is removed when the request ends:
whoever wants the content reads it during the request.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from annotation.services.spool import FRAME_BYTES, SpoolStream, SpoolWriter, new_spool


class EncryptedUpload(UploadedFile):
    """A received file. `too_large` ones were not kept."""

    def __init__(
        self, spool: SpoolWriter, name: str, content_type: str, size: int
    ) -> None:
        super().__init__(None, name, content_type, size)
        self.too_large = size > settings.UPLOAD_MAX_BYTES
        self._spool = spool

    def stream(self) -> SpoolStream:
        """Open the content for one reading."""
        return SpoolStream(self._spool.path)

    def close(self) -> None:
        """Remove the spool; Django calls this when the request is over."""
        self._spool.discard()


class EncryptedUploadHandler(FileUploadHandler):
    """Receives the files of signed-in people; others' are skipped unread."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated:
            raise SkipFile
        self._spool = new_spool()
        self._pending: list[bytes] = []
        self._pending_size = self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._received += len(raw_data)
        if self._received > settings.UPLOAD_MAX_BYTES:
            self._pending = []
            return
        self._pending.append(bytes(raw_data))
        self._pending_size += len(raw_data)
        if self._pending_size >= FRAME_BYTES:
            self._write()

    def file_complete(self, file_size: int) -> EncryptedUpload:
        self._write()
        self._spool.close()
        return EncryptedUpload(
            self._spool, self.file_name or "", self.content_type or "", file_size
        )

    def upload_interrupted(self) -> None:
        spool = getattr(self, "_spool", None)
        if spool is not None:
            spool.discard()

    def _write(self) -> None:
        if self._pending:
            self._spool.write_frame(b"".join(self._pending))
        self._pending, self._pending_size = [], 0
