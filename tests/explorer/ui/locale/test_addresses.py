"""Addresses are in English, whatever their reader's language: what Chinese says in one is asked for in English."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from explorer.ui.locale import addresses, border, spoken


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setitem(border.BOUND, "inside", {"诊断": "Diagnosis", "第 2 层": "layer 2"})
    monkeypatch.setattr(spoken, "backwards", lambda: {"损失": "Loss"})
    return TestClient(Starlette(routes=[Route(f"/{addresses.WAY}", addresses.answer)]))


def test_words_of_an_address_are_answered_in_english_one_for_each(client: TestClient) -> None:
    pairs = [("inside", "诊断"), ("inside", "第 2 层"), ("race-axis", "损失"), ("prompt", "诊断"), ("by", "无人知道")]
    answer = parse_qsl(client.get(f"/address?{urlencode(pairs)}").text)
    words = ["Diagnosis", "layer 2", "Loss", "诊断", "无人知道"]
    assert answer == [(name, word) for (name, _), word in zip(pairs, words, strict=True)]


def test_a_long_address_is_not_read(client: TestClient) -> None:
    assert client.get(f"/address?by={'a' * 5000}").status_code == 414
