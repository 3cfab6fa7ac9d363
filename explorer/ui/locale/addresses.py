"""Addresses: what they say of choices is in English, whatever the reader's language, so that anyone can follow them.

Streamlit's browser side writes what was chosen into the address in the words that it shows. A script of the page has
the words in English put there instead; it asks for those that it does not know yet.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from explorer.ui.locale import border

WAY = "address"  # where it asks: GET address?by=最大 is answered with by=Largest
LONGEST = 4000  # letters of what is asked
SCRIPT = Path(__file__).with_name("addresses.js").read_text("utf-8")


def answer(request: Request) -> Response:
    """The same values in English; of what is no widget's word, as it is."""
    query = request.url.query
    if len(query) > LONGEST:
        return Response(status_code=414)
    return PlainTextResponse(border.in_english(query, {}))
