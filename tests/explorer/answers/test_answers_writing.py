"""Writing: what is offered are the model's own numbers, the same seed writes the same text, a token can be forced."""

import numpy as np
import pytest
import torch
from tiny_runs import recorded

from explorer import RunConfig
from explorer.analysis.writing import Reader, logits_after
from explorer.answers.writing import speed
from explorer.answers.writing import text as writing
from explorer.measure.sampling import softmax

STEPS = 4
SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 4}


@pytest.fixture(scope="module")
def shakespeare(tmp_path_factory):
    config = RunConfig.preset("shakespeare").replace({**SMALL, "model.context": 16})
    return recorded(tmp_path_factory.mktemp("writing") / "shakespeare.run", STEPS, config)


def text(run, **arguments):
    return writing.text(str(run.path), STEPS, **arguments)


def test_the_next_tokens_logits_are_the_models(shakespeare):
    found = writing.next_token(str(shakespeare.path), STEPS, "To be, or not to be, that")
    task = shakespeare.task
    tokens = task.tokens_of("To be, or not to be, that")
    model = shakespeare.model_at(STEPS).eval()
    with torch.no_grad():
        expected = model(tokens[:, -16:])[0, -1].numpy()
    np.testing.assert_allclose(found.logits, expected, atol=1e-6)
    assert (len(found.tokens), found.cut) == (16, 9)


def test_the_same_seed_writes_the_same_text_and_another_one_another(shakespeare):
    first, again, other = (text(shakespeare, length=30, seed=seed) for seed in (1, 1, 2))
    assert first.text == again.text != other.text
    assert text(shakespeare, length=10, seed=1).text == first.text[:10]


def test_bits_and_ranks_are_of_the_models_own_probabilities_whatever_the_stages(shakespeare):
    found = text(shakespeare, text="To be", length=5, top_k=3, temperature=0.5, seed=3)
    after = writing.next_token(str(shakespeare.path), STEPS, "To be" + found.text[:4])
    p = softmax(after.logits.astype(np.float64))
    assert found.bits[4] == pytest.approx(-np.log2(p[found.numbers[4]]), abs=1e-4)
    assert found.rank.max() <= 3
    np.testing.assert_allclose(found.p[4], np.sort(p)[::-1][: found.p.shape[1]], atol=1e-6)
    assert (np.count_nonzero(found.sampled, axis=1) <= 3).all()


def test_greedy_writes_the_likeliest_each_time(shakespeare):
    assert (text(shakespeare, length=12, temperature=0).rank == 1).all()


def test_a_forced_token_stands_there_and_the_text_before_it_stays(shakespeare):
    plain = text(shakespeare, length=12, seed=5)
    chosen = int(plain.leading[4, 3])
    forced = text(shakespeare, length=12, seed=5, forced=((4, chosen),))
    assert forced.numbers[4] == chosen
    assert forced.numbers[:4].tolist() == plain.numbers[:4].tolist()
    assert forced.forced == [4]


def test_a_task_with_answers_ends_where_the_answer_ends(tmp_path):
    run = recorded(tmp_path / "reverse.run", STEPS, RunConfig.preset("reverse").replace(SMALL))
    found = text(run, length=80)
    assert len(found.tokens) == run.config.task.length
    assert found.prompt[-1] == "|"


def test_dates_are_written_from_their_source(tmp_path):
    run = recorded(tmp_path / "dates.run", STEPS, RunConfig.preset("dates-fr").replace(SMALL))
    found = text(run, length=5)
    assert 1 <= len(found.tokens) <= 5
    assert found.prompt_text == run.task.readable(run.task.probe().source[0])
    end = run.task.opening().end
    ended = text(run, length=20, forced=((3, end),))
    assert len(ended.tokens) == 4, "an answer ends at the token that ends it"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"length": 0}, "length=0 is out of range; use 1 to 512"),
        ({"temperature": -1.0}, "temperature=-1.0 is out of range"),
        ({"text": "日本"}, "does not know"),
        ({"forced": ((0, 9999),)}, "no token 9999"),
    ],
)
def test_what_cannot_be_is_refused_in_words(shakespeare, arguments, named):
    with pytest.raises(ValueError, match=named):
        text(shakespeare, **arguments)


def test_a_model_that_diverged_is_named(shakespeare):
    model = shakespeare.model_at(STEPS)
    with torch.no_grad():
        model.unembedding.weight[0, 0] = torch.nan
    with pytest.raises(ValueError, match="this model has diverged; look at an earlier step"):
        logits_after(model, torch.zeros(1, 3, dtype=torch.long), None, 16)


def test_what_fills_gaps_does_not_write(tmp_path):
    config = RunConfig.preset("shakespeare").replace({**SMALL, "model.kind": "encoder", "model.context": 16})
    run = recorded(tmp_path / "encoder.run", STEPS, config)
    with pytest.raises(ValueError, match="does not write on; look at a decoder"):
        text(run)


def test_why_is_about_what_the_model_reads_and_the_token_that_was_written(shakespeare):
    found = writing.why(str(shakespeare.path), STEPS, "To be, or not to be, that", said=(5, 6, 7))
    assert len(found.tokens) == len(found.gradient) == len(found.ablation) == 16
    assert found.token == shakespeare.task.vocabulary.symbols[7]
    after = writing.next_token(
        str(shakespeare.path), STEPS, "To be, or not to be, that" + shakespeare.task.readable([5, 6])
    )
    assert found.log_p == pytest.approx(float(np.log(softmax(after.logits.astype(np.float64))[7])), abs=1e-5)
    with pytest.raises(ValueError, match="no tokens of the text"):
        writing.why(str(shakespeare.path), STEPS, said=(9999,))


def test_a_task_whose_answers_are_not_read_again_does_not_write(tmp_path):
    config = RunConfig.preset("brackets-gru").replace({"model.width": 16, "train.batch": 4})
    run = recorded(tmp_path / "brackets.run", STEPS, config)
    with pytest.raises(ValueError, match="its answers are no text; look at one that writes"):
        text(run)


def test_a_text_is_the_same_with_the_cache_and_without_past_the_context_too(shakespeare):
    task, model = shakespeare.task, shakespeare.model_at(STEPS)
    found = text(shakespeare, text="To be", length=30, seed=2)
    tokens = task.tokens_of("To be" + found.text)
    for n in range(5, 35):
        np.testing.assert_allclose(
            softmax(logits_after(model, tokens[:, :n], None, 16))[found.numbers[n - 5]],
            2.0 ** -found.bits[n - 5],
            atol=1e-6,
        )


def test_a_model_that_writes_reads_each_token_once_until_its_context_is_full(shakespeare):
    model, reads = shakespeare.model_at(STEPS), []
    hook = model.embedding.register_forward_hook(lambda _module, args, _out: reads.append(args[0].shape[1]))
    reader = Reader(model, None, 16)
    tokens = torch.zeros(1, 5, dtype=torch.long)
    for _ in range(14):
        reader.next(tokens)
        tokens = torch.cat([tokens, tokens[:, :1]], 1)
    hook.remove()
    assert reads == [5, *[1] * 11, 16, 16]


def test_the_speed_is_measured_up_to_the_context_and_is_unknown_without_a_cache(shakespeare, tmp_path):
    found = speed.speed(str(shakespeare.path), STEPS)
    assert (found.lengths, found.context) == ([16], 16)
    assert (found.cached > 0).all()
    assert (found.plain > 0).all()
    config = RunConfig.preset("shakespeare").replace({**SMALL, "model.context": 16, "model.mask": "none"})
    blind = recorded(tmp_path / "blind.run", STEPS, config)
    unknown = speed.speed(str(blind.path), STEPS)
    assert np.isnan(unknown.cached).all()
    assert (unknown.plain > 0).all()
    assert text(blind, length=20).text, "it writes all the same"
