"""Photos of reviews: decoded, turned upright, shrunk and written anew, so that nothing but the picture is kept.

What a camera notes beside a picture (where, when, by whom) is gone after that, and so is whatever else a file may hide.
"""

from __future__ import annotations

import io
import secrets
import warnings
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from engagement.counts import Counts
from reviews.models import Review, ReviewPhoto

FORMATS = ("JPEG", "PNG", "WEBP")
MOST = 4  # of one review
LARGEST_BYTES = 8 * 1024 * 1024
LARGEST_PIXELS = 40_000_000
LARGE, THUMB = 1600, 320  # the longer side
LONGEST_ALT = 150


class BadPhoto(ValueError):
    """Not a picture that can be taken; the text says why and what to do."""


class Drawn(NamedTuple):
    """One picture in both sizes, as JPEG."""

    large: bytes
    thumb: bytes
    size: tuple[int, int]
    thumb_size: tuple[int, int]


class Stored(NamedTuple):
    """A picture whose files lie in the storage, not yet of any review."""

    name: str
    drawn: Drawn
    alt: str


def redraw(data: bytes) -> Drawn:
    """The picture in `data`, written anew. Raises BadPhoto."""
    if len(data) > LARGEST_BYTES:
        raise BadPhoto(_("At most %(most)s MB for a photo; send a smaller one.") % {"most": 8})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        # Asked before anything is decoded: a few bytes may claim to be a billion pixels.
        if image.width * image.height > LARGEST_PIXELS:
            raise BadPhoto(_("At most %(most)s million pixels; send a smaller one.") % {"most": 40})
        image.draft("RGB", (LARGE * 2, LARGE * 2))
        upright = ImageOps.exif_transpose(image)
        large, thumb = (_fit_into(upright, side) for side in (LARGE, THUMB))
    except BadPhoto:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise BadPhoto(_("Not a photo that can be read; send a JPEG, PNG or WebP file.")) from error
    return Drawn(_as_jpeg(large), _as_jpeg(thumb), large.size, thumb.size)


def store(workspace_id: int, pictures: Iterable[tuple[Drawn, str]]) -> list[Stored]:
    """Write the files of pictures, each with what is to be seen on it. Before the transaction, see `discard`."""
    stored = []
    for drawn, alt in pictures:
        photo = ReviewPhoto(workspace_id=workspace_id, name=secrets.token_urlsafe(16))
        default_storage.save(photo.path, ContentFile(drawn.large))
        default_storage.save(photo.thumb_path, ContentFile(drawn.thumb))
        stored.append(Stored(photo.name, drawn, alt.strip()[:LONGEST_ALT]))
    return stored


def discard(workspace_id: int, stored: Iterable[Stored]) -> None:
    """Delete the files again, because the review was not taken."""
    for one in stored:
        _delete_files(ReviewPhoto(workspace_id=workspace_id, name=one.name))


def keep_photos(
    review: Review, new: Sequence[Stored], kept: Collection[str] | None, *, now: datetime
) -> None:
    """Give the newest version these photos, and of those it had the ones that are `kept` (None: all)."""
    if kept is not None:
        review.photos.filter(until=None).exclude(name__in=kept).update(until=review.version)
    ReviewPhoto.objects.bulk_create(
        [
            ReviewPhoto(
                workspace_id=review.workspace_id,
                review=review,
                name=one.name,
                alt=one.alt,
                width=one.drawn.size[0],
                height=one.drawn.size[1],
                thumb_width=one.drawn.thumb_size[0],
                thumb_height=one.drawn.thumb_size[1],
                size=len(one.drawn.large) + len(one.drawn.thumb),
                since=review.version,
                added_at=now,
            )
            for one in new
        ]
    )


@transaction.atomic
def forget_photos(*, now: datetime, limit: int = 200) -> Counts:
    """Delete the files of up to `limit` photos whose review is gone. Killed in between, the rest is found again."""
    gone = ReviewPhoto.objects.select_for_update(skip_locked=True).filter(review=None).order_by("added_at")
    photos = list(gone[:limit])
    for photo in photos:
        _delete_files(photo)
    ReviewPhoto.objects.filter(pk__in=[photo.pk for photo in photos]).delete()
    return Counts(taken=len(photos))


def _delete_files(photo: ReviewPhoto) -> None:
    for path in (photo.path, photo.thumb_path):
        with suppress(FileNotFoundError):
            default_storage.delete(path)


def _fit_into(image: Image.Image, side: int) -> Image.Image:
    """A copy without anything but pixels, no side longer than `side`, on white where it was transparent."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    small = small.convert("RGBA")
    plain = Image.new("RGB", small.size, "white")
    plain.paste(small, mask=small)
    return plain


def _as_jpeg(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "JPEG", quality=82, optimize=True, progressive=True)
    return written.getvalue()
