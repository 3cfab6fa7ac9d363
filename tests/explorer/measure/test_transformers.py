"""Sampling and beam search against Transformers itself, 1,000 random settings and 1,000 random inputs.

`make prove` runs these and fails where Transformers is missing, since a proof that is passed over proves nothing. It is
none of the packages of this project. To install it beside them and not among them:

    python3 -m pip install --target /tmp/transformers transformers==4.57.6
    PYTHONPATH=/tmp/transformers make prove
"""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch

from explorer.measure.decoding import Rules, beam
from explorer.measure.sampling import ORDERS, passed

pytestmark = pytest.mark.prove
COUNT = 1000


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    assert importlib.util.find_spec("transformers"), __doc__


def processors(settings: dict[str, float], order: tuple[str, ...]) -> list:
    """Transformers' own, in an order; none for a neutral setting, as it does itself."""
    from transformers import generation

    made = {
        "repetition": lambda v: generation.RepetitionPenaltyLogitsProcessor(v),
        "temperature": lambda v: generation.TemperatureLogitsWarper(v),
        "top_k": lambda v: generation.TopKLogitsWarper(int(v)) if v else None,
        "top_p": lambda v: generation.TopPLogitsWarper(v) if v < 1 else None,
        "min_p": lambda v: generation.MinPLogitsWarper(v) if v else None,
    }
    return [one for name in order if (one := made[name](settings[name])) is not None]


def test_what_is_left_is_what_transformers_leaves_for_1000_random_settings():
    random, worst = np.random.default_rng(0), 0.0
    for number in range(COUNT):
        size = int(random.integers(2, 200))
        logits, seen = random.normal(size=size) * random.uniform(0.5, 8), random.integers(0, size, 12).tolist()
        settings = {
            "repetition": random.uniform(1, 2),
            "temperature": random.uniform(0.05, 3),
            "top_k": int(random.integers(0, size + 1)),
            "top_p": random.uniform(0.01, 1),
            "min_p": random.uniform(0, 0.5),
        }
        order = list(ORDERS.values())[number % len(ORDERS)]
        scores = torch.from_numpy(logits)[None]
        for processor in processors(settings, order):
            scores = processor(torch.tensor([seen]), scores)
        expected = scores[0].softmax(-1).numpy()
        worst = max(worst, float(np.abs(passed(logits, settings, order, seen)[-1].p - expected).max()))
    print(f"{COUNT} settings: the largest difference of a probability is {worst:.1e}")
    assert worst < 1e-6


def test_a_beam_finds_what_transformers_beam_finds_on_1000_random_inputs():
    from transformers import GenerationConfig, GenerationMixin, PretrainedConfig, PreTrainedModel
    from transformers.modeling_outputs import CausalLMOutput

    class Table(PreTrainedModel, GenerationMixin):
        """Logits of the next token by the last two."""

        config_class = PretrainedConfig
        main_input_name = "input_ids"

        def __init__(self, table: np.ndarray):
            super().__init__(PretrainedConfig(vocab_size=len(table), is_encoder_decoder=False))
            self.table = torch.nn.Parameter(torch.from_numpy(table))

        def forward(self, input_ids, **_rest):
            lasts = torch.nn.functional.pad(input_ids, (2, 0))[:, -2:]
            return CausalLMOutput(logits=self.table[lasts[:, 0], lasts[:, 1]][:, None])

        def prepare_inputs_for_generation(self, input_ids, **_rest):
            return {"input_ids": input_ids}

    random, different = np.random.default_rng(1), []
    for number in range(COUNT):
        size, length, width = (int(random.integers(*ends)) for ends in ((4, 9), (3, 9), (2, 5)))
        block, end = int(random.choice([0, 0, 2, 3])), random.choice([0, -1])
        prompt = tuple(random.integers(1, size, 3).tolist())
        table = random.normal(size=(size, size, size)) * 2
        end = None if end < 0 else int(end)
        settings = GenerationConfig(
            num_beams=width, max_new_tokens=length, no_repeat_ngram_size=block, length_penalty=0.0,
            early_stopping="never", do_sample=False, eos_token_id=end, pad_token_id=0, use_cache=False,
        )  # fmt: skip
        (said,) = Table(table).eval().generate(torch.tensor([prompt]), generation_config=settings).tolist()
        theirs = tuple(said[len(prompt) :])
        if end in theirs:
            theirs = theirs[: theirs.index(end) + 1]
        log_p = table - np.log(np.exp(table).sum(-1, keepdims=True))

        def score(beginnings, log_p=log_p, prompt=prompt):
            return np.array([log_p[tuple((0, 0, *prompt, *tokens)[-2:])] for tokens in beginnings])

        found = beam(score, Rules(length, end, block=block, prompt=prompt), width).answers
        if not found or found[0].tokens != theirs:
            different.append((number, theirs, found[:1]))
    print(f"{COUNT} inputs: {COUNT - len(different)} beams are identical")
    assert not different, different[:5]
