"""Lists of scenes: what they hold, and what is refused of a file that may be anyone's."""

import json

import pytest

from explorer.config.scenes import MOST, MOST_BYTES, Scene, Scenes, read

SCENE = {"page": "attention", "say": "Look <b>here</b>.", "run": "reverse-3f2a9c", "step": 128}
SCENE |= {"head": "blocks.0.attention.1", "query": 20, "mode": "weighted", "hide": ["sidebar"]}
SCENE |= {"controls": {"closer": "What heads do"}}


def test_a_list_is_read_as_it_was_saved():
    scenes = Scenes(title="Für die Vorlesung", preset="reverse", scenes=(Scene(**SCENE), Scene(page="train")))
    assert read(scenes.to_json().encode()) == scenes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"page": "../runs"}, "scene 2: page=../runs is refused"),
        ({"run": "../../etc/passwd"}, "scene 2: run=../../etc/passwd is refused"),
        ({"step": -1}, "scene 2: step=-1 is refused"),
        ({"step": 1.5}, "scene 2: step=1.5 is refused"),
        ({"head": "blocks.0.attention.1; drop"}, "drop is refused: no list that was saved here has such a word there"),
        ({"query": 10**9}, "scene 2: query=1000000000 is refused"),
        ({"hide": ["everything"]}, "scene 2: hide.0=everything is refused"),
        ({"say": "x" * 301}, "301 characters"),
        ({"controls": {"closer": 3}}, "scene 2: controls.closer=3 is refused"),
        ({"script": "alert(1)"}, "scene 2: there is no field script in a list of scenes"),
        ({"page": None}, "scene 2: page=None is refused"),
    ],
)
def test_a_scene_that_cannot_be_is_refused_in_a_sentence(change: dict, words: str):
    data = json.dumps({"scenes": [SCENE, SCENE | change]}).encode()
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        read(data)
    assert words in str(refused.value)
    assert len(str(refused.value)) <= 400
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is no list of scenes"),
        (b"\xff\xfe", "is no list of scenes"),
        (b"[" * 100_000, "is no list of scenes"),
        (b"[]", "is no list of scenes"),
        (b"null", "is no list of scenes"),
        (b'{"scenes": []}', "has no scenes"),
        (b'{"scenes": [{}]}', "scene 1: page is missing"),
        (json.dumps({"scenes": [SCENE] * (MOST + 1)}).encode(), "at most 100"),
        (b" " * (MOST_BYTES + 1), "at most 200,000"),
        (b'{"title": "", "scenes": []}', "title= is refused"),
        (b'{"scenes": [{"page": "train", "say": "\\ud800"}]}', ""),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_a_sentence(data: bytes, words: str):
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        read(data)
    assert words in str(refused.value)
