"""What viewers find in a run's heads."""

import numpy as np

from explorer.answers.records.heads import HeadHistory
from explorer.ui.attention.discoveries import discovered


def history(scores: dict[str, list[list[float]]], chances: list, agreement: tuple = ()) -> HeadHistory:
    """chances: of each head, or of each head at each snapshot.   agreement: of the cross-heads, each with that of even
    attention, where there are any."""
    heads = ["blocks.0.attention.0", "blocks.0.attention.1"]
    steps = np.arange(len(next(iter(scores.values())))) * 10
    even = np.broadcast_to(chances, (len(steps), len(heads)))
    return HeadHistory(
        step=int(steps[-1]),
        steps=steps,
        heads=heads,
        scores={name: np.array(rows) for name, rows in scores.items()},
        chance=dict.fromkeys(scores, even),
        n=8,
        aligned=[f"blocks.0.cross.{h}" for h in range(len(agreement))],
        agreement=np.array([rows for rows, _ in agreement]).reshape(len(agreement), len(steps)).T,
        agreement_chance=np.array([[even] * len(steps) for _, even in agreement]).reshape(len(agreement), len(steps)).T,
    )


def test_a_head_that_comes_to_stand_out_is_an_event_at_that_step_in_plain_words():
    rising = [[0.0, 0.1], [0.1, 0.5], [0.1, 0.9], [0.1, 0.9]]
    (event,) = discovered(history({"induction": rising}, [0.05, 0.05]))
    assert (event.step, event.kind) == (10, "found")
    assert event.label == "step 10: head 1.2: induction"
    assert event.id < 0, "apart from the events of the file"


def test_each_head_is_held_against_its_own_chance():
    same = [[0.5, 0.5]] * 4
    assert [e.detail["head"] for e in discovered(history({"previous": same}, [0.05, 0.3]))] == ["blocks.0.attention.0"]


def test_a_head_is_held_against_the_chance_of_each_snapshot():
    """As where a mask is taken away while the run trains."""
    same = [[0.5, 0.5]] * 6
    chances = [[0.3, 0.05]] * 2 + [[0.05, 0.05]] * 4
    assert [e.step for e in discovered(history({"previous": same}, chances))] == [0, 20]


def test_events_keep_their_numbers_while_the_run_grows():
    rising = {name: [[0.0, 0.0], [0.9, 0.0], [0.9, 0.9], [0.9, 0.9]] for name in ("previous", "induction")}
    early = {e.id: e.label for e in discovered(history({k: v[:3] for k, v in rising.items()}, [0.05, 0.05]))}
    late = {e.id: e.label for e in discovered(history(rising, [0.05, 0.05]))}
    assert len(late) == 4
    assert early.items() <= late.items()


def test_a_line_is_marked_in_the_overviews_words():
    (event,) = discovered(history({"mirror": [[0.0, 0.1], [0.1, 0.5], [0.1, 0.9], [0.1, 0.9]]}, [0.05, 0.05]))
    assert event.label == "step 10: head 1.2: reads back"


def test_a_head_that_is_known_by_a_score_is_not_marked_for_its_line_too():
    rising = [[0.0, 0.0], [0.9, 0.0], [0.9, 0.9], [0.9, 0.9]]
    scores = {"previous": [[row[0], 0.0] for row in rising], "back": rising}
    labels = [event.label for event in discovered(history(scores, [0.05, 0.05]))]
    assert labels == ["step 10: head 1.1: previous token", "step 20: head 1.2: looks back"]


def test_a_head_with_an_alignment_to_keep_to_is_marked_where_it_is_far_enough_from_even_attention_to_all_of_it():
    nothing = {"previous": [[0.0, 0.0]] * 4}
    close, far = ([0.3, 0.5, 0.57, 0.57], 0.3), ([0.3, 0.5, 0.59, 0.59], 0.3)  # the way is 0.7, of which 0.4 count
    (event,) = discovered(history(nothing, [0.05, 0.05], (close, far)))
    assert event.label == "step 20: cross-head 1.2: agrees with the translation"


def test_where_every_key_is_aligned_no_head_is_marked():
    nothing = {"previous": [[0.0, 0.0]] * 4}
    assert not list(discovered(history(nothing, [0.05, 0.05], (([1.0] * 4, 1.0),))))
