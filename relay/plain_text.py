"""Which characters a person's words may hold. Pure.

Control characters and those that turn the direction of what follows can make a line say one thing
to the eye and another to a machine (CVE-2021-42574); no keyboard of a crew or a hospital types them.
"""

from __future__ import annotations

import re

SHOWN_INSTEAD = "\ufffd"
FORBIDDEN = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]"
)


def has_hidden(text: str) -> bool:
    """Whether the text holds a character that cannot be seen and changes what is."""
    return FORBIDDEN.search(text) is not None


def with_hidden_shown(text: str) -> str:
    """The same text, each such character as a mark of its own: nothing is dropped in silence."""
    return FORBIDDEN.sub(SHOWN_INSTEAD, text)
