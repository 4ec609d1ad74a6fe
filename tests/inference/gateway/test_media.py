"""No address reaches a model server, in whatever way it is written."""

import json

import msgspec
import pytest

from inference.gateway.media import with_own_media
from inference.gateway.problems import FieldRefused, RequestUnreadable

DATA = "data:image/png;base64,AAAA"


def sent(raw: str) -> str:
    own = with_own_media({"messages": msgspec.Raw(raw.encode())})
    return bytes(own["messages"]).decode()


def message(part: object) -> str:
    return json.dumps([{"role": "user", "content": [part]}])


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "http://10.0.0.1/x.png"}},
        {"type": "image_url", "image_url": "https://example.org/x.png"},
        {"type": "image_url", "image_url": {"url": "file:///etc/passwd"}},
        {"type": "video_url", "video_url": {"url": " data:video/mp4;base64,AAAA"}},
        {"type": "input_audio", "deeper": [{"audio_url": {"url": "ftp://x"}}]},
        {"type": "image_url", "image_url": {"url": ""}},
        {"type": "image", "image": "http://10.0.0.1/x.png"},
    ],
)
def test_an_address_is_refused(part: object) -> None:
    with pytest.raises(FieldRefused, match="messages"):
        sent(message(part))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image", "http://10.0.0.1/page.png"),
        ("document", "file:///etc/passwd"),
        ("documents", {"content": [{"type": "image_url", "image_url": {"url": "http://a/"}}]}),
        ("query", {"content": [{"type": "video_url", "video_url": {"url": "http://a/"}}]}),
        ("input", [{"image_url": "http://a/"}]),
    ],
)
def test_an_address_is_refused_in_whatever_field(field: str, value: object) -> None:
    with pytest.raises(FieldRefused, match=field):
        with_own_media({field: msgspec.Raw(json.dumps(value).encode())})


def test_schemas_may_have_properties_that_are_called_so() -> None:
    tool = {"parameters": {"properties": {"url": {"const": "x"}}}, "url": "http://described/"}
    fields = {"tools": msgspec.Raw(json.dumps([tool]).encode())}
    assert with_own_media(fields) == fields


def test_documents_that_are_texts_go_on() -> None:
    fields = {"documents": msgspec.Raw(b'["see http://a/", "an image"]')}
    assert bytes(with_own_media(fields)["documents"]) == b'["see http://a/","an image"]'


def test_an_address_behind_an_escape_is_refused() -> None:
    hidden = '[{"content":[{"type":"image\\u005furl","image\\u005f\\u0075rl":"http://10.0.0.1/"}]}]'
    with pytest.raises(FieldRefused):
        sent(hidden)


def test_of_two_addresses_in_one_place_that_one_goes_on_that_was_looked_at() -> None:
    twice = f'[{{"image_url": "http://10.0.0.1/", "image_url": "{DATA}"}}]'
    assert json.loads(sent(twice)) == [{"image_url": DATA}]
    assert "10.0.0.1" not in sent(twice)


def test_what_comes_with_the_request_goes_on() -> None:
    picture = message({"type": "image_url", "image_url": {"url": DATA}})
    assert json.loads(sent(picture)) == json.loads(picture)


def test_text_that_speaks_of_addresses_goes_on_as_it_is_meant() -> None:
    text = message({"type": "text", "text": "What does image_url: http://x mean? \\u0041"})
    assert json.loads(sent(text)) == json.loads(text)


def test_what_holds_no_media_is_not_touched() -> None:
    plain = '[ {"role": "user",  "content": "何ですか"} ]'
    assert sent(plain) == plain


def test_what_is_nested_too_deep_is_refused() -> None:
    with pytest.raises((RequestUnreadable, FieldRefused)):
        sent("[" * 50_000 + '"url"' + "]" * 50_000)
