"""A token of RDM in a request: taken in, never given out or repeated in an error."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, SecretStr

_WORD: Final = re.compile(r"[\x21-\x7e]{1,512}")


def _one_word(token: SecretStr) -> SecretStr:
    """Let pass what fits into a header."""
    if not _WORD.fullmatch(token.get_secret_value()):
        raise ValueError("a token is one word of ASCII")
    return token


RdmToken = Annotated[SecretStr, AfterValidator(_one_word), Field(min_length=1, max_length=512)]
"""A personal access token of GakuNin RDM or OSF."""
