"""What is recorded: shapes, and never a word of what it was about."""

from datetime import UTC, datetime, timedelta
import json
from typing import Any

from hypothesis import given, strategies as st
import orjson
import pytest

from aioringcentral.recording import Recorder, Shapes, recorder as recorder_module

from .conftest import Client

BEGAN = datetime(2026, 11, 28, 12, tzinfo=UTC)

# Unmistakable: no part of a shape can contain one of them by chance.
PRIVATE = (
    "Zebulon Quagmire",
    "Zebulon",
    "+1 (650) 555-0199",
    "+16505550199",
    "eyJhbGciOiJFUzI1NiJ9.c2VjcmV0.c2ln",
    "zebulon@example.com",
    "hunter2hunter2",
)
FIELDS = (
    "id", "extensionId", "name", "from", "fromName", "to", "telephonyStatus", "dndStatus", "type", "status",
    "errorCode", "reason", "message", "event", "uri", "path", "eventFilters", "timestamp", "startTime", "token",
    "ws_access_token", "access_token", "method", "sessionId", "partyId", "callInfo", "permissionName",
    "sequence", "totalActiveCalls", "messageId", "uuid", "subscriptionId", "somethingNew",
)  # fmt: skip


def shapes() -> Shapes:
    return Shapes(BEGAN)


def leaks(shape: Any) -> list[str]:
    text = json.dumps(shape)
    return [each for each in (*PRIVATE, "6505550199", "5550199") if each in text]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("private", PRIVATE)
def test_a_private_text_is_in_no_shape(field: str, private: str) -> None:
    value = {
        field: private,
        private: field,
        "nested": [{field: [private]}, f"/restapi/v1.0/{private}?{private}={private}"],
        "headers": {field: private, "Retry-After": private, private: "1"},
    }

    assert leaks(shapes().shape([value, private])) == []
    assert leaks(shapes().path(f"/restapi/v1.0/account/{private}?page={private}")) == []


@pytest.mark.parametrize("field", FIELDS)
def test_a_private_number_is_in_no_shape(field: str) -> None:
    for number in (16505550199, 6505550199, -6505550199, 6505550199.5):
        assert leaks(shapes().shape({field: number})) == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(FIELDS) | st.text(max_size=8), inner, max_size=4
            )
        ),
        max_leaves=20,
    )
)
def test_any_value_has_a_shape(value: Any) -> None:
    json.dumps(shapes().shape(value))


def test_known_words_and_counters_stay() -> None:
    body = {
        "telephonyStatus": "CallConnected",
        "dndStatus": "TakeAllCalls",
        "sequence": 2013,
        "allowSeeMyPresence": True,
        "errorCode": "CMN-211",
    }

    assert shapes().shape(body) == body


def test_a_new_word_of_the_service_stays_and_a_name_does_not() -> None:
    found = shapes().shape([{"userStatus": "DoNotRing"}, {"userStatus": "JaneDoe"}])

    assert found == [{"userStatus": "DoNotRing"}, {"userStatus": "<str 7>"}]


def test_one_id_has_one_label_as_number_and_as_text() -> None:
    found = shapes().shape(
        [{"extensionId": 297277020}, {"extensionId": "297277020"}, {"id": "7"}]
    )

    assert found == [
        {"extensionId": "<int9:1>"},
        {"extensionId": "<str9:1>"},
        {"id": "<str1:2>"},
    ]


def test_ids_in_paths_have_the_same_label() -> None:
    made = shapes()
    made.shape({"extensionId": 297277020})

    assert (
        made.path(
            "https://platform.ringcentral.com/restapi/v1.0/account/~/extension/297277020,8/presence?detailedTelephonyState=true"
        )
        == "/restapi/v1.0/account/~/extension/<str9:1>,<str1:2>/presence?detailedTelephonyState=true"
    )


def test_times_are_relative() -> None:
    later = (BEGAN + timedelta(seconds=1.25)).isoformat()

    assert shapes().shape({"timestamp": later}) == {"timestamp": "<time +1.250>"}


def test_the_first_year_of_all_is_no_error() -> None:
    assert shapes().shape({"startTime": "0001-01-01T00:00:00+14:00"}) == {
        "startTime": "<time -63931514400.000>"
    }


def test_headers_of_limits_stay() -> None:
    found = shapes().headers(
        {
            "X-Rate-Limit-Remaining": "39",
            "Retry-After": "soon, said Zebulon",
            "Content-Type": "application/json;charset=utf-8",
            "Set-Cookie": "secret",
        }
    )

    assert found == {
        "x-rate-limit-remaining": "39",
        "retry-after": "<str 18>",
        "content-type": "application/json",
    }


def test_only_the_last_are_kept() -> None:
    recorder = Recorder(most=3)
    for number in range(5):
        recorder.received(f'{{"sequence": {number}}}', float(number))

    records = recorder.records(now=10.0)

    assert [each["body"]["sequence"] for each in records] == [2, 3, 4]
    assert [each["at"] for each in records] == [-8.0, -7.0, -6.0]
    assert recorder.dropped == 2


def test_the_bytes_are_bounded() -> None:
    recorder = Recorder(most_bytes=100)
    for _ in range(50):
        recorder.received(orjson.dumps({"message": "x" * 10}), 0.0)

    assert len(recorder.records(0.0)) == 100 // len(b'{"message":"xxxxxxxxxx"}')


def test_of_a_giant_only_its_size_is_kept() -> None:
    recorder = Recorder()
    recorder.received("x" * (recorder_module.MOST_BYTES), 0.0)

    (record,) = recorder.records(0.0)

    assert record == {
        "at": 0.0,
        "kind": "received",
        "bytes": recorder_module.MOST_BYTES,
    }


async def test_a_connection_is_recorded_without_its_secrets(client: Client) -> None:
    client.http.recorder = Recorder()
    client.follow()
    await client.live()
    await client.stop()

    records = client.http.recorder.records(0.0)
    text = json.dumps(records)

    kinds = [each["kind"] for each in records]
    assert "reply" in kinds
    assert kinds.index("received") < kinds.index("sent")
    assert any("wstoken" in each.get("path", "") for each in records)
    token = await client.tokens.token()
    assert token.value not in text
    assert "eventFilters" in text
