"""Word vectors in numbers: neighbours, analogies, and how often words stand near each other in the text itself.

V words, C width, n words chosen. Similarity is the cosine of the angle between two vectors.
"""

from __future__ import annotations

import numpy as np

QUESTIONS = (  # a is to b as c is to d; of pronouns, kin, numbers, opposites and forms that early modern English has
    ("king", "queen", "prince", "princess"),
    ("man", "woman", "men", "women"),
    ("man", "woman", "king", "queen"),
    ("father", "mother", "son", "daughter"),
    ("father", "mother", "brother", "sister"),
    ("son", "daughter", "brother", "sister"),
    ("husband", "wife", "father", "mother"),
    ("boy", "girl", "man", "woman"),
    ("he", "she", "him", "her"),
    ("he", "she", "himself", "herself"),
    ("he", "him", "i", "me"),
    ("he", "him", "they", "them"),
    ("he", "his", "thou", "thy"),
    ("he", "his", "they", "their"),
    ("i", "me", "thou", "thee"),
    ("my", "mine", "thy", "thine"),
    ("me", "myself", "him", "himself"),
    ("good", "better", "bad", "worse"),
    ("good", "best", "bad", "worst"),
    ("great", "greater", "good", "better"),
    ("is", "was", "are", "were"),
    ("is", "was", "has", "had"),
    ("do", "did", "go", "went"),
    ("come", "came", "go", "went"),
    ("speak", "spoke", "take", "took"),
    ("eye", "eyes", "hand", "hands"),
    ("friend", "friends", "lord", "lords"),
    ("day", "night", "light", "dark"),
    ("one", "two", "three", "four"),
    ("rome", "roman", "france", "french"),
)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Every vector (…, C) at length 1, in float64; a zero one stays zero."""
    vectors = np.asarray(vectors, dtype=np.float64)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-300)


def nearest(vectors: np.ndarray, query: np.ndarray, count: int, without: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The `count` words whose vectors (V, C) are most similar to a query (C,), with similarities, most similar first.

    without: words to leave out. As gensim's `KeyedVectors.most_similar`, except that equal ones keep their order.
    """
    similar = unit(vectors) @ unit(query)
    similar[without] = -np.inf
    order = np.argsort(-similar, kind="stable")[: min(count, len(similar) - len(set(without)))]
    return order, similar[order]


def analogy(vectors: np.ndarray, a: int, b: int, c: int) -> np.ndarray:
    """The expected d if a is to b as c is to d: b − a + c of vectors at length 1 (Mikolov et al. 2013c), (C,)."""
    directions = unit(vectors[[a, b, c]])
    return directions[1] - directions[0] + directions[2]


def answered(vectors: np.ndarray, numbers: dict[str, int], count: int = 10) -> list[tuple[tuple[str, ...], int | None]]:
    """The questions in known words, each with the rank of the right answer; None past `count`."""
    ranked: list[tuple[tuple[str, ...], int | None]] = []
    for question in QUESTIONS:
        if all(word in numbers for word in question):
            a, b, c, d = (numbers[word] for word in question)
            order = nearest(vectors, analogy(vectors, a, b, c), count, [a, b, c])[0].tolist()
            ranked.append((question, order.index(d) + 1 if d in order else None))
    return ranked


def optimum(given: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The scores u · v + log k (n, m) at which negative sampling's expected loss is least, for k noise words.

    given (n, m): chance that the true word is m given that n is read.   noise (m,): chance that m is drawn as noise.

    Each pair is independent: if it is true with weight p and noise with weight k · q, σ(u · v) is p / (p + k q). So u ·
    v + log k = log p / q, with q = noise · (1 − given), since noise equal to the true word is not scored. Without that
    factor it is PMI (Levy & Goldberg 2014, equation 7), with noise for the second word's share.
    """
    with np.errstate(divide="ignore"):
        return np.log(given) - np.log(noise[None] * (1 - given))


def correlation(one: np.ndarray, other: np.ndarray) -> tuple[float, int]:
    """Pearson's, over the entries where both are finite, and their number; NaN for fewer than three."""
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < 3 or not one[both].std() or not other[both].std():
        return float("nan"), int(both.sum())
    return float(np.corrcoef(one[both], other[both])[0, 1]), int(both.sum())
