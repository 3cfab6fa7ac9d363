"""Glossary: one line on each term that a sentence under a picture may use, shown where the pointer rests on it."""

from __future__ import annotations

import re
from html import escape

TERMS = {
    "nats": "The unit of natural logarithms, in which a loss is counted: ln 2 = 0.69 nats are one bit.",
    "nat": "The unit of natural logarithms, in which a loss is counted: ln 2 = 0.69 nats are one bit.",
    "even odds": "Every token equally likely: where the loss of an untrained model begins, at ln V.",
    "chance": "The share right of answering without having read the input.",
    "the probe": "A few examples that are the same at every step of every run of this task.",
    "anti-diagonal": "The line from one corner to the other on which the input is read backwards.",
    "cross-attention": "Attention from what a decoder writes to what an encoder read.",
    "induction": "Finding an earlier place like this one, and looking at what came next there.",
    "junction": "A place on the residual stream where a block adds what it has worked out.",
    "fork": "A place where the stream goes both past a block and through it; gradients add up there.",
    "perplexity": "e to the loss: among how many equally likely tokens the model hesitates.",
    "entropy": "How evenly attention is spread: 0 on one token, most where all get the same.",
    "total variation distance": "The share that went elsewhere: half the sum of all differences.",
    "KL divergence": "How far one distribution is from another, in nats; 0 where they are the same.",
    "trustworthiness": "1 where all that looks near on the map is near in the original space.",
    "update ratio": "How far a step moves a tensor, in units of its own size; 10⁻³ is usual.",
    "logit": "A score before the softmax: the larger, the more probable.",
    "teacher forcing": "Each token is asked for after the right ones, not after the model’s own.",
}
WORDS = re.compile(r"\b(" + "|".join(sorted(map(re.escape, TERMS), key=len, reverse=True)) + r")\b")


def explained(html: str) -> str:
    """HTML text without attributes in which the first of each term shows its line where the pointer rests."""
    seen: set[str] = set()

    def term(match: re.Match[str]) -> str:
        word = match[0]
        if word in seen:
            return word
        seen.add(word)
        return f'<abbr title="{escape(TERMS[word])}">{word}</abbr>'

    return WORDS.sub(term, html)
