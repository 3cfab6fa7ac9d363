"""What viewers find in a run's heads."""

import numpy as np

from explorer.ui.attention.discoveries import found


def history(scores: dict[str, list[list[float]]], chances: list[float]):
    heads = ["blocks.0.attention.0", "blocks.0.attention.1"]
    steps = np.arange(len(next(iter(scores.values())))) * 10
    chance = dict.fromkeys(scores, chances)
    return {"heads": heads, "chance": chance}, {"steps": steps} | {k: np.array(v) for k, v in scores.items()}


def test_a_head_that_comes_to_stand_out_is_an_event_at_that_step_in_plain_words():
    rising = [[0.0, 0.1], [0.1, 0.5], [0.1, 0.9], [0.1, 0.9]]
    (event,) = found(history({"induction": rising}, [0.05, 0.05]))
    assert (event.step, event.kind) == (10, "found")
    assert event.label == "step 10: head 1.2: induction"
    assert event.id < 0, "apart from the events of the file"


def test_each_head_is_held_against_its_own_chance():
    same = [[0.5, 0.5]] * 4
    assert [e.detail["head"] for e in found(history({"previous": same}, [0.05, 0.3]))] == ["blocks.0.attention.0"]


def test_events_keep_their_numbers_while_the_run_grows():
    rising = {name: [[0.0, 0.0], [0.9, 0.0], [0.9, 0.9], [0.9, 0.9]] for name in ("previous", "induction")}
    early = {e.id: e.label for e in found(history({k: v[:3] for k, v in rising.items()}, [0.05, 0.05]))}
    late = {e.id: e.label for e in found(history(rising, [0.05, 0.05]))}
    assert len(late) == 4
    assert early.items() <= late.items()
