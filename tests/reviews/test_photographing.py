"""Photos: written anew, bounded, without what cameras note; seen only with the words they were judged with."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from config.storing import storage_at
from engagement.erasing import erase_customer
from reviews.links import writing_url
from reviews.models import Review, ReviewPhoto
from reviews.moderating import publish_review
from reviews.photographing import BadPhoto, forget_photos, redraw
from reviews.tallying import tally_ratings
from tests import make, make_reviews

NOW = make.NOW


def picture(size=(800, 600), kind="JPEG", colour: Any = (200, 30, 30), **more: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGBA" if kind == "PNG" else "RGB", size, colour).save(written, kind, **more)
    return written.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


# ---- Rules


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_usual_kind_becomes_two_jpegs_within_bounds(kind):
    drawn = redraw(picture((4000, 1000), kind))
    assert (drawn.size, drawn.thumb_size) == ((1600, 400), (320, 80))
    assert opened(drawn.large).format == opened(drawn.thumb).format == "JPEG"
    assert opened(drawn.large).size == drawn.size


def test_what_the_camera_noted_is_gone_and_the_picture_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 12.0)
    data = picture((800, 600), exif=exif.tobytes(), comment=b"my home address")
    assert b"Secret Camera" in data
    drawn = redraw(data)
    assert drawn.size == (600, 800)
    for file in (drawn.large, drawn.thumb):
        assert b"Secret Camera" not in file
        assert b"home address" not in file
        assert not opened(file).getexif()
        assert not opened(file).info.get("icc_profile")


def test_a_page_hidden_behind_a_picture_does_not_survive():
    assert b"<script>" not in redraw(picture() + b"<script>alert(1)</script>").large


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Not a photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Not a photo"),
        (picture()[:300], "Not a photo"),
        (b"x" * (8 * 1024 * 1024 + 1), "At most 8 MB"),
    ],
    ids=["empty", "svg", "cut off", "too many bytes"],
)
def test_what_is_no_photo_of_a_usable_size_is_refused(data, said):
    with pytest.raises(BadPhoto, match=said):
        redraw(data)


def test_a_few_bytes_that_claim_many_pixels_are_refused_undecoded():
    bomb = picture((20_000, 5000), "PNG", colour=(0, 0, 0, 255))
    assert len(bomb) < 1_000_000
    with pytest.raises(BadPhoto, match="million pixels"):
        redraw(bomb)


def test_an_animation_is_its_first_picture():
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "blue")]
    written = io.BytesIO()
    frames[0].save(written, "WEBP", save_all=True, append_images=frames[1:])
    drawn = redraw(written.getvalue())
    red, _green, blue = opened(drawn.large).getpixel((25, 25))
    assert red > 200 > blue


# ---- With a review


@pytest.fixture
def product(db, settings, tmp_path):
    cache.clear()
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    }
    return make.product(make.workspace(), "tern", name="Tern", category="Road shoes")


@pytest.fixture
def author(product):
    return make.customer(product.workspace, name="Ada", email="ada@example.org")


@pytest.fixture
def send(client, product, author):
    def post(*photos: bytes, status: int = 303, **fields: Any) -> Any:
        given = {
            "kind": "in_use",
            "overall": "4",
            "body": "Ran a wet week in them and they dried by morning.",
            "author_name": "Ada",
        }
        files = {
            f"photo{n}": SimpleUploadedFile("x.exe", data, "text/html") for n, data in enumerate(photos, 1)
        }
        answer = client.post(writing_url(product, customer=author), given | fields | files)
        assert answer.status_code == status, answer.content
        return answer

    return post


def published(product):
    review = Review.objects.get(product=product)
    return publish_review(workspace=review.workspace, review_id=review.pk, actor=None, now=NOW)


def shown(client, product):
    tally_ratings(now=NOW)
    html = client.get(f"/e/reviews/{product.workspace.slug}/{product.sku}/").content.decode()
    return [photo for photo in ReviewPhoto.objects.order_by("id") if photo.name in html], html


def test_a_photo_is_seen_once_its_review_is_published(client, product, send):
    send(picture(), alt1="The sole <after> a week")
    photo = ReviewPhoto.objects.get()
    for path in (f"/e/photo/{photo.name}.jpg", f"/e/photo/{photo.name}.thumb.jpg"):
        assert client.get(path).status_code == 404
    published(product)
    found, html = shown(client, product)
    assert found == [photo]
    assert 'alt="The sole &lt;after&gt; a week"' in html
    assert 'width="320" height="240"' in html
    answer = client.get(f"/e/photo/{photo.name}.jpg")
    assert opened(b"".join(answer)).size == (800, 600)
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert not answer.cookies


def test_a_photo_added_later_waits_with_its_version_and_one_left_out_goes_with_it(client, product, send):
    send(picture())
    published(product)
    first = ReviewPhoto.objects.get()
    send(picture((300, 300)), keeping="1")  # the first is not kept
    second = ReviewPhoto.objects.latest("id")
    assert shown(client, product)[0] == [first]
    assert client.get(f"/e/photo/{second.name}.jpg").status_code == 404
    published(product)
    assert shown(client, product)[0] == [second]
    assert client.get(f"/e/photo/{first.name}.jpg").status_code == 404


def test_what_is_no_photo_leaves_neither_review_nor_file(product, send, tmp_path):
    answer = send(picture(), b"no photo", status=422)
    assert b"Not a photo that can be read" in answer.content
    assert not Review.objects.exists()
    assert not list((tmp_path / "media").rglob("*.jpg"))


def test_more_than_four_with_those_kept_are_refused(product, send):
    send(*[picture((40, 40))] * 4)
    names = list(ReviewPhoto.objects.values_list("name", flat=True))
    answer = send(picture(), keeping="1", keep=names, status=422)
    assert b"At most 4 photos" in answer.content
    assert ReviewPhoto.objects.count() == 4


def test_a_form_that_is_too_large_is_refused_before_it_is_read(client, product):
    path = f"/e/review/{product.workspace.slug}/{product.sku}/"
    assert client.post(path, {}, CONTENT_LENGTH="40000000").status_code == 413


def test_when_its_author_is_erased_the_files_go_too(client, product, author, send):
    send(picture())
    photo = ReviewPhoto.objects.get()
    published(product)
    erase_customer(customer=author, actor=None, now=NOW)
    assert client.get(f"/e/photo/{photo.name}.jpg").status_code == 404
    assert default_storage.exists(photo.path)
    assert forget_photos(now=NOW)["taken"] == 1
    assert not default_storage.exists(photo.path)
    assert not default_storage.exists(photo.thumb_path)
    assert not ReviewPhoto.objects.exists()
    assert forget_photos(now=NOW)["taken"] == 0


def test_many_photos_cost_as_many_queries_as_none(client, product, django_assert_num_queries):
    first = make_reviews.review(product)
    make_reviews.many(first, 7)
    tally_ratings(now=NOW)
    path = f"/e/reviews/{product.workspace.slug}/{product.sku}/"
    with CaptureQueriesContext(connection) as few:
        assert "thumb.jpg" not in client.get(path).content.decode()
    for review in Review.objects.all():
        for n in range(3):
            ReviewPhoto.objects.create(
                workspace=product.workspace, review=review, name=f"{review.pk}-{n}", width=1, height=1,
                thumb_width=1, thumb_height=1, size=1, since=1, added_at=NOW,
            )  # fmt: skip
    with django_assert_num_queries(len(few)):
        assert client.get(path).content.decode().count("thumb.jpg") == 24


# ---- Where they lie


def test_an_address_of_a_bucket_becomes_its_storage():
    made = storage_at("s3://KEY:se%2Fcret@store.example:9000/photos?region=eu-central-1&tls=0")
    assert made["BACKEND"] == "storages.backends.s3.S3Storage"
    assert made["OPTIONS"]["secret_key"] == "se/cret"
    assert made["OPTIONS"]["endpoint_url"] == "http://store.example:9000"
    assert made["OPTIONS"]["bucket_name"] == "photos"


@pytest.mark.parametrize("url", ["ftp://a:b@h/c", "s3://host/bucket", "s3://a:b@host"])
def test_an_address_that_lacks_something_says_what_to_give(url):
    with pytest.raises(ValueError, match="STORAGE_URL: give s3://"):
        storage_at(url)
