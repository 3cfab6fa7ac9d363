"""A blank page on which components are drawn from their own scripts and bytes, without Streamlit."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

from explorer.ui.components.source import HERE, Source

LIGHT = {
    "background-color": "#ffffff",
    "text-color": "#1d2433",
    "gray-text-color": "#5a6376",
    "border-color": "#dddddd",
}
DARK = {"background-color": "#14171f", "text-color": "#eef1f8", "gray-text-color": "#a0a8b8", "border-color": "#333a48"}
BOTH = {
    "primary-color": "#3b5bdb",
    "secondary-background-color": "#8888881a",
    "font": "sans-serif",
    "green-color": "#0a8f7d",
}

# what Streamlit gives a component: its element, data, and ways to answer. `words` is all that a visitor can see of it
SCRIPT = """
window.answers = [];
window.loaded = {};
window.load = async (name, script) => {
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  loaded[name] = (await import(address)).default;
};
window.mounted = (name, style, isolated) => {
  if (window.host) (host.remove(), window.end?.());
  window.host = document.body.appendChild(document.createElement("div"));
  const parent = (window.parent_ = isolated ? host.attachShadow({ mode: "open" }) : host);
  parent.append(Object.assign(document.createElement("style"), { textContent: style }));
  window.component = loaded[name];
};
const opened = (data) => (data.bytes ? Uint8Array.from(atob(data.bytes), (c) => c.charCodeAt(0)) : data.plain);
const answer = (name, value) => answers.push([name, value]);
const settled = async () => {
  await document.fonts.ready;
  for (let i = 0; i < 3; i++) await new Promise((done) => requestAnimationFrame(done));
};
window.tell = async (data) => {
  const answers = { setStateValue: answer, setTriggerValue: answer };
  window.end = component({ data: opened(data), parentElement: parent_, name: "c", key: "c", ...answers });
  await settled();
  return seen();
};
// a canvas's size and a hash of its pixels, which is much less work than its picture as a file
const painted = (canvas) => {
  const { width, height } = canvas;
  if (!width || !height) return "";
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let [one, other] = [0, 0];
  for (const pixel of new Uint32Array(data.buffer)) {
    one = Math.imul(one ^ pixel, 0x01000193);
    other = Math.imul(other + pixel, 0x9e3779b1) ^ (other >>> 15);
  }
  return [width, height, one, other].join();
};
window.themed = async (colours) => {
  const { style } = document.documentElement;
  for (const [name, colour] of Object.entries(colours)) style.setProperty(`--st-${name}`, colour);
  document.body.style.background = colours["background-color"];
  await settled();
};
window.seen = () => {
  const words = [];
  const walk = (element) => {
    if (element.tagName === "STYLE") return;
    if (element.tagName) {
      const counts = ["data-painted", "data-frames"]; // of paintings, for whoever watches the page
      const attributes = [...element.attributes].filter(({ name, value }) => value && !counts.includes(name));
      const sorted = attributes.map(({ name, value }) => `${name}=${value}`).sort();
      words.push(`<${element.tagName} ${sorted.join(" ")}>`);
      if (element.tagName === "CANVAS") words.push(painted(element));
      if ("value" in element) words.push(String(element.value));
      if (element.hidden) return; // what is in it is told when it is shown
    } else if (element.nodeType === Node.TEXT_NODE) words.push(element.data);
    element.childNodes.forEach(walk);
  };
  parent_.childNodes.forEach(walk);
  return JSON.stringify(words);
};
"""


def given(data: Any) -> dict[str, Any]:
    """A message as the page takes it."""
    return {"bytes": base64.b64encode(data).decode()} if isinstance(data, bytes) else {"plain": data}


@dataclass(frozen=True)
class BlankPage:
    """One page for all components."""

    page: Page
    loaded: set[Source] = field(default_factory=set)

    def start(self) -> None:
        """Makes it ready."""
        self.page.set_content("<!doctype html><html><body class='stApp' style='margin: 0'></body></html>")
        self.page.add_style_tag(content=(HERE.parent / "style.css").read_text("utf-8"))
        self.page.add_script_tag(content=SCRIPT)

    def open(self, source: Source) -> None:
        """A fresh element for a component."""
        if source not in self.loaded:
            self.loaded.add(source)
            self.page.evaluate("a => load(...a)", [source.name, source.script])
        self.page.evaluate("a => mounted(...a)", [source.name, source.style, source.isolated])

    def tell(self, data: Any) -> list[str]:
        """Gives the component a message; returns each element with its attributes, each text, each canvas as a hash."""
        return json.loads(self.page.evaluate("data => tell(data)", given(data)))

    def fresh(self, source: Source, data: Any) -> list[str]:
        """What is seen of a message that is the first one."""
        self.open(source)
        return self.tell(data)

    def theme(self, colours: dict[str, str]) -> None:
        """Changes the theme as Streamlit does: by its variables."""
        self.page.evaluate("colours => themed(colours)", BOTH | colours)
