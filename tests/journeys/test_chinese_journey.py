"""In Chinese no English word is left on a page, in whatever it is drawn: HTML, a component, a chart, a canvas.

Pages whose tokens are words are left out: what a model reads and writes stays in its own language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import every_page
import pytest
from playwright.sync_api import Page
from tiny_runs import TINY

from explorer.i18n.translation import FOREIGN, english
from explorer.runs import catalogue, race
from explorer.runs.recorder import Recorder
from explorer.ui import sitemap
from explorer.ui.attention.interventions import STAND_INS
from journeys.bar import stored
from journeys.test_walk_journey import DRAWN, FRAMES, WARMING_UP

pytestmark = [pytest.mark.journey, pytest.mark.prove]
PAGES = [
    "start",
    "train",
    "attention",
    "gradients",
    "embeddings",
    "positions",
    "numerics",
    "optimizers",
    "search",
    "runs",
]
HEAD = "blocks.0.attention.0"
MORE = {("attention", "What if"): [f"&head={HEAD}&whatif-kind={kind}" for kind in STAND_INS]}  # walked too, by section
NAMES = re.compile(  # of things in code, of people, of numbers
    r"\b(log-sum-exp|out|autocast|reverse|autograd|scipy|vmap|grad|umap|onehot|sublayer|exp|inf|nan|mod|cos|sin|std|max|min|tanh|relu|gelu|silu"
    r"|safetensors|nostalgebraist|van der|et al|adamw?|sgd|rmsprop|adagrad|nesterov|muon|float|bfloat|iter|arg)\b"
)
OTHERS = re.compile(rf"{FOREIGN}|\w+ icon$")  # what somebody called a run, and what Streamlit calls an icon
# every text drawn on a canvas, kept since the last look
KEEP = """for (const kind of ["fillText", "strokeText"]) {
  const draw = CanvasRenderingContext2D.prototype[kind];
  window.drawn = new Set();
  CanvasRenderingContext2D.prototype[kind] = function (text, ...rest) {
    window.drawn.add(String(text));
    return draw.call(this, text, ...rest);
  };
}"""
UNFOLD = (
    """document.querySelectorAll("[data-testid=stMain] details:not([open]) > summary").forEach((one) => one.click())"""
)
READ = """() => {
  const texts = new Set(window.drawn), left = "SCRIPT STYLE CODE PRE BDI MATH".split(" ");
  const names = ["aria-label", "title", "placeholder"];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return texts.add(node.nodeValue.trim());
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (left.includes(node.tagName.toUpperCase()) || node.translate === false) return;
      if (node.matches(".katex, [data-testid=stIconMaterial]")) return;
      if (getComputedStyle(node).display === "none") return;
      for (const name of names) texts.add(node.getAttribute(name) ?? "");
      if (node.shadowRoot) walk(node.shadowRoot);
    }
    node.childNodes.forEach(walk);
  };
  walk(document.querySelector("[data-testid=stMain]"));
  walk(document.querySelector("[data-testid=stSidebar]"));
  window.drawn.clear();
  return [...texts].filter((text) => /[a-z]{3}/.test(text));
}"""


def left_in_english(page: Page) -> list[str]:
    """The texts of a page with an English word that is no name; folds are opened for it."""
    page.locator("h1").first.wait_for()
    page.wait_for_function(DRAWN, timeout=WARMING_UP)
    page.evaluate(UNFOLD)
    page.wait_for_function(DRAWN, timeout=WARMING_UP)
    page.evaluate(FRAMES)
    texts = page.evaluate(READ)
    return [text for text in texts if not OTHERS.match(text) and english(NAMES.sub("", text))]


def changed_by_hand(run: str) -> None:
    """A head that was switched off, on again and frozen, which its section says."""
    with Recorder(catalogue.path_of(run)) as recorder:
        for step, kind in ((10, "ablate"), (20, "restore"), (30, "freeze")):
            recorder.event(step, kind, {"head": HEAD})
        recorder.status("finished")


@pytest.mark.parametrize("name", PAGES)
def test_no_english_word_is_left_on_a_chinese_page(visit: Callable, name: str):
    run, here = stored(f"chinese-{name}"), visit()
    if name == "attention":
        changed_by_hand(run)
    if name == "runs":
        race.begin({"slow": TINY, "fast": TINY.replace({"optimizer.lr": 1e-2})}, "reverse-race")
    here.context.add_init_script(KEEP)
    found: dict[str, list[str]] = {}
    for section in every_page.sections(name) or [""]:
        row = f"&{sitemap.ROWS[name]}={quote(section)}" if section else ""
        for more in MORE.get((name, section), [""]):
            page = here.open(f"/{'' if name == 'start' else name}?run={run}&lang=zh{row}{more}")
            if texts := left_in_english(page):
                found[f"{section}{more}"] = texts
    assert found == {}
