"""Chat: replies are the sampler's own, and what is copied is what a plain loop finds in the plays."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tiny_runs import recorded

from explorer import RunConfig
from explorer.answers.writing import chat, text

SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 4, "optimizer.name": "adamw"}
STEPS = 6


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chat")
    configs = {name: RunConfig.preset(name).replace(SMALL) for name in ("dialogue", "facts", "reverse")}
    return {name: recorded(folder / f"{name}.run", STEPS, config, every=3) for name, config in configs.items()}


@pytest.mark.parametrize(("name", "said"), [("dialogue", "Who art thou, stranger?"), ("facts", "currency of Japan")])
def test_a_reply_is_what_the_sampler_writes(runs, name, said):
    path = str(runs[name].path)
    answer = chat.reply(path, STEPS, said, 0.8, 3)
    assert answer.text == text.text(path, STEPS, said, runs[name].task.longest, temperature=0.8, seed=3).text
    assert answer == chat.reply(path, STEPS, said, 0.8, 3)
    assert answer.words == len(chat.words(answer.text))


def trained(task):
    """Words of every text that is trained on, as far as it is."""
    rows = (row for side in (task.sources, task.targets) for row in side[task.splits["trained"]].tolist())
    return [chat.words(text) for text in {task.readable(row) for row in rows}]


def stands(run: list[str], every: list[list[str]]) -> bool:
    lines = [line for line in every if run[0] in line]
    return any(run == line[i : i + len(run)] for line in lines for i in range(len(line) - len(run) + 1))


def test_the_longest_run_that_stands_in_the_plays_is_a_loops(runs):
    task = runs["dialogue"].task
    corpus, vocabulary = chat.read(task.size, task.most)
    every = trained(task)
    assert vocabulary == {word for line in every for word in line}
    spoken = chat.words("My lord of Zanzibar, I know not what to say to thee, Zanzibar my lord")
    best = chat.longest(spoken, corpus).split()
    assert stands(best, every)
    windows = [spoken[i : i + len(best) + 1] for i in range(len(spoken) - len(best))]
    assert not any(stands(window, every) for window in windows)
    assert chat.longest(["zanzibar"], corpus) == chat.longest([], corpus) == ""


def test_runs_of_four_words_never_reach_over_two_speeches(runs):
    assert chat.runs(["To be, or not to be", "that is"]) == ["to be or not", "be or not to", "or not to be"]
    corpus, _ = chat.read(runs["dialogue"].task.size, runs["dialogue"].task.most)
    assert chat.share(["answer me stand and", "zanzibar is not here"], corpus) == 0.5


def test_habits_are_of_replies_to_held_out_speeches(runs, monkeypatch):
    habits = chat.habits(str(runs["dialogue"].path), STEPS)
    assert (habits.examples, habits.size) == (chat.EXAMPLES, 4)
    assert 0 < habits.true < 0.3
    corpus, _ = chat.read(runs["dialogue"].task.size, runs["dialogue"].task.most)
    line = next(line for line in corpus.splitlines() if len(line.split()) == 5)
    warm: set[float] = set()

    def written(*_: object, temperature: float) -> SimpleNamespace:
        warm.add(temperature)
        return SimpleNamespace(text=said)

    monkeypatch.setattr(chat, "written", written)
    for said, copied in (("zanzibar " * 5, 0.0), (line, 1.0)):  # noqa: B007  # written says it
        one = chat.habits(str(runs["dialogue"].path), STEPS, 0.3)
        assert (one.copied, one.true, one.runs) == (copied, habits.true, 24 * 2)
    assert warm == {0.3}


def test_words_never_seen_are_named_and_odd_words_refused(runs):
    assert chat.reply(str(runs["dialogue"].path), STEPS, "Zanzibar, my lord, hath Wi-Fi").unseen == [
        "zanzibar",
        "wi-fi",
    ]
    with pytest.raises(ValueError, match="never saw Zanzibar"):
        chat.reply(str(runs["facts"].path), STEPS, "currency of Zanzibar ?")
    with pytest.raises(ValueError, match="has learned to answer nobody"):
        chat.reply(str(runs["reverse"].path), STEPS, "abc")
    with pytest.raises(ValueError, match="learned no dialogue"):
        chat.habits(str(runs["facts"].path), STEPS)
