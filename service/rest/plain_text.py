"""What texts a request may hold where they are kept and shown."""

from typing import Final

PLAIN_TEXT: Final = r"^[^\x00-\x1f\x7f]+$"
"""One line that every database keeps."""
