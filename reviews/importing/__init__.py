"""Reviews from elsewhere: a file is uploaded, checked without a trace (the dry run), imported, and can be undone.

Each is done a chunk at a time and resumed after the last chunk, so a worker may be killed anywhere.
"""

from reviews.importing.steering import (
    BadMapping,
    WrongState,
    check_import,
    go_on,
    start_import,
    stop_import,
    undo_import,
)
from reviews.importing.uploading import upload_reviews
from reviews.importing.working import work_on_imports

__all__ = [
    "BadMapping",
    "WrongState",
    "check_import",
    "go_on",
    "start_import",
    "stop_import",
    "undo_import",
    "upload_reviews",
    "work_on_imports",
]
