"""All settings, read from the environment. `.env.example` lists every name with its meaning."""

from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF

from config.storing import storage_at

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
# Older keys still open what they sealed: signed links and encrypted secrets survive a rotation.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[BASE_URL])
HTTPS = BASE_URL.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "engagement",
    "journeys",
    "reviews",
    "nudges",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "engagement.api.tracking_lane.TrackingLane",
    "engagement.embed.lane.EmbedLane",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# A POST that is redirected is lost in silence by several tracking clients.
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "engagement.dashboard.context.frame",
            ],
            # Tags that every page uses need no {% load %}.
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "engagement.dashboard.tags",
            ],
        },
    }
]

DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"].update(
    CONN_MAX_AGE=env.int("CONN_MAX_AGE", default=60),
    CONN_HEALTH_CHECKS=True,
    TEST={"NAME": env.str("TEST_DATABASE", default="test_touchstone")},
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "touchstone",
    }
}

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_ADAPTER = "engagement.dashboard.accounts.AccountAdapter"
ACCOUNT_LOGOUT_ON_GET = False
MFA_ADAPTER = "engagement.dashboard.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Touchstone"
MFA_TOTP_TOLERANCE = 1  # steps of half a minute, for clocks that differ and hands that type (RFC 6238, 5.2)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "https:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.path("STATIC_ROOT", default=BASE_DIR / ".static")
STORAGES = {
    "default": storage_at(env.str("STORAGE_URL", default="")),
    "staticfiles": {
        # Hashed names let browsers keep files for good; they need `collectstatic`, which tests go without.
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if env.bool("HASHED_STATIC", default=not DEBUG)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# The names without a hash would only be compressed a second time. (Brotli is left to a proxy: it took 40 s a start.)
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = env.path("MEDIA_ROOT", default=BASE_DIR / ".media")

EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
# A provider's API instead of SMTP: EMAIL_PROVIDER=postmark and ANYMAIL={"POSTMARK_SERVER_TOKEN": "…"}.
if EMAIL_PROVIDER := env.str("EMAIL_PROVIDER", default=""):
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"
# What anymail is to know; WEBHOOK_SECRET ("user:password") lets the provider report to /m/in/mail/<provider>/.
ANYMAIL = {"IGNORE_UNSUPPORTED_FEATURES": True, "REQUESTS_TIMEOUT": 20} | env.json("ANYMAIL", default={})
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Touchstone <touchstone@localhost>")
MESSAGE_ID_DOMAIN = env.str("MESSAGE_ID_DOMAIN", default="touchstone.localhost")
# How messages leave: a channel without an entry is not there, and a message decided for it is refused.
CHANNELS: dict[str, str | list[str]] = {
    "email": "nudges.channels.email.EmailChannel",
    "web_push": "nudges.channels.web_push.WebPushChannel",
    "mobile_push": "nudges.channels.mobile_push.MobilePushChannel",
    "sms": "nudges.channels.twilio.SmsChannel",
    "whatsapp": "nudges.channels.twilio.WhatsAppChannel",
    "webhook": "nudges.channels.webhook.WebhookChannel",
    "inbox": "nudges.channels.inbox.InboxChannel",
    "staff_task": "nudges.channels.staff_task.StaffTaskChannel",
}
# Mail servers to turn to, in this order, when the first one fails.
EMAIL_FALLBACKS = {
    f"fallback-{place}": env.email_url_config(url)
    for place, url in enumerate(env.list("EMAIL_FALLBACK_URLS", default=[]), start=1)
}
if EMAIL_FALLBACKS:
    CHANNELS["email"] = [f"nudges.channels.email.EmailChannel:{name}" for name in ["", *EMAIL_FALLBACKS]]
# By provider: {"email": {"per_second": 20, "warm_up_from": "2026-12-01", "first_day": 200}}. See docs/operating.md.
PROVIDER_LIMITS = env.json("PROVIDER_LIMITS", default={})
OUTBOX_DIR = env.str("OUTBOX_DIR", default="")
# Addresses that others tell us (push subscriptions, webhooks) must be public, but for hosts named here: "10.0.0.8:443".
OUTBOUND_PRIVATE_HOSTS = env.list("OUTBOUND_PRIVATE_HOSTS", default=[])
# Where providers are; other addresses are for tests and for gateways of one's own.
TWILIO_URL = env.str("TWILIO_URL", default="https://api.twilio.com").rstrip("/")
FCM_URL = env.str("FCM_URL", default="https://fcm.googleapis.com").rstrip("/")
APNS_URL = env.str("APNS_URL", default="").rstrip("/")
SNS_URL = env.str("SNS_URL", default="").rstrip("/")
# How many seconds a provider may take to connect, and to say something.
PROVIDER_TIMEOUT = env.float("PROVIDER_TIMEOUT", default=15)
# Certificates to trust beside the public ones, such as a company's own authority.
OUTBOUND_CA_FILE = env.str("OUTBOUND_CA_FILE", default="")
DEMO_SHOP_URL = env.str("DEMO_SHOP_URL", default="")

REST_FRAMEWORK = {
    "DEFAULT_PARSER_CLASSES": ["engagement.api.bodies.JsonBodies"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "engagement.api.bodies.JsonAlways",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["engagement.api.keys.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["engagement.api.keys.HasScope"],
    "DEFAULT_SCHEMA_CLASS": "engagement.api.schema.ApiSchema",
    "DEFAULT_PAGINATION_CLASS": "engagement.api.pages.CursorPages",
    "EXCEPTION_HANDLER": "engagement.api.problems.answer_problem",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Touchstone API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["engagement.api.schema.only_this_api"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "engagement.api.schema.forbid_unknown_fields",
    ],
    "ENUM_NAME_OVERRIDES": {
        "Channel": "engagement.models.Channel",
        "ConsentState": "engagement.models.ConsentState",
        "ProductKind": "engagement.models.ProductKind",
        "Stage": "journeys.models.Stage",
        "Interest": "nudges.models.Interest",
        "Promise": "nudges.models.Promise",
        "Outcome": "nudges.models.Outcome",
        "MessageState": "nudges.models.MessageState",
        "NudgeStatus": "nudges.models.NudgeStatus",
        "GuideStatus": "journeys.models.GuideStatus",
        "ReviewStatus": "reviews.models.ReviewStatus",
        "ReviewKind": "reviews.models.ReviewKind",
        "RejectionReason": "reviews.models.RejectionReason",
        "Reason": "nudges.reasons.Reason",
        "ReplyKind": "nudges.models.ReplyKind",
        "BroadcastState": "nudges.models.BroadcastState",
        "Trigger": "nudges.models.Trigger",
        "FlowTrigger": "nudges.models.FlowTrigger",
        "FlowState": "nudges.models.FlowState",
        "RunState": "nudges.models.RunState",
        "EffectOutcome": "nudges.results.OUTCOMES",
    },
}
# Requests a minute with one secret key.
API_RATE_LIMIT = env.int("API_RATE_LIMIT", default=600)

# For so long a page of an embed is given again without a look at the database; after that only if nothing changed.
EMBED_REMEMBERED_SECONDS = env.float("EMBED_REMEMBERED_SECONDS", default=2.0)

# Bodies of tracking clients exceed Django's 2.5 MB default; the tracking door has its own, tighter bounds.
DATA_UPLOAD_MAX_MEMORY_SIZE = 9 * 1024 * 1024

# Per key; a sender beyond them is asked to wait (429).
TRACKING_EVENTS_PER_SECOND = env.int("TRACKING_EVENTS_PER_SECOND", default=20_000)
TRACKING_BURST = env.int("TRACKING_BURST", default=200_000)

# ---- Composition: what the floors above hand down to the floors below, by name --------------------------------------

# Who reads a customer's new events. Ingest leaves one Unread row for each.
EVENT_READERS = ["journeys", "learning"]
# Leaf kinds of the condition language beyond the ground floor's own.
CONDITION_LEAVES = {
    "need": "journeys.needs.NeedLeaf",
    "reply": "nudges.hearing.ReplyLeaf",
}
# What the editor of conditions offers for them: `def choices(workspace) -> dict` for its script.
CONDITION_CHOICES = ["journeys.dashboard.conditions.choices", "nudges.dashboard.conditions.choices"]
# What removes an erased customer's rows that do not go by themselves, top floor first.
CUSTOMER_ERASERS = ["nudges.erasing.erase_messages", "reviews.erasing.erase_reviews"]
# Who knows what to ask about the situation that a product is for: a review form asks it.
QUESTIONS_FOR = "journeys.questions.questions_for"
# Who knows what those questions are called: who moderates reads labels, not keys.
QUESTIONS_ABOUT = "journeys.questions.questions_about"
# Who knows which of those questions change how things fit: a guide's criteria show it.
WHAT_MATTERS = "reviews.fits.attributes_that_matter"
# Who knows what a customer told of their situation before: a review form does not ask it twice.
KNOWN_SITUATION = "journeys.situations.known_situation"
# How several products fitted people like somebody: a shortlist puts the figures side by side.
FITS_BESIDE = "reviews.fits.fits_beside"
# What a customer's timeline is made of; each is `def source(customer, *, before, limit) -> list[TimelineEntry]`.
TIMELINE_SOURCES = [
    "engagement.timelines.read_events",
    "journeys.needs.read_stage_changes",
    "nudges.ledgers.read_decisions",
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
