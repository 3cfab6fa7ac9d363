"""Shell: the HTML page into which Streamlit draws, with our style in it before anything is drawn.

A style that came with the drawing would move what stands already.
"""

from __future__ import annotations

from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.ui.locale import addresses, frame_words

SIDEBAR_SECONDS = 0.15  # between the first pictures of a run and the sidebar
STYLE = Path(__file__).with_name("style.css").read_text("utf-8")
# one entry of the browser's history for each page: Streamlit adds one for every change of the address, and takes what a
# page shows out of its address before it leaves it; the entry of a page that is left keeps what stood there
HISTORY = """
(() => {
  const push = history.pushState.bind(history);
  let stood = location.href;
  for (const kind of ["click", "keydown"]) addEventListener(kind, () => (stood = location.href), true);
  history.pushState = (state, title, url) => {
    const path = (address) => new URL(address ?? location.href, location.href).pathname;
    if (path(url) === location.pathname) return history.replaceState(state, title, url);
    if (path(stood) === location.pathname) history.replaceState(history.state, "", stood);
    push(state, title, url);
  };
})();
"""
# where the server is, which Streamlit else finds by asking under the page's own address first: two answers of 404 at
# /translate/_stcore/health and host-config; what stands before what the server was asked for, a proxy's part, stays
ROOT = """
((names) => {
  const before = location.pathname.replace(/\\/+$/, "").split("/");
  before.length = Math.max(1, before.length - names);
  window.__streamlit = { ...window.__streamlit, BACKEND_BASE_URL: `${location.origin}${before.join("/")}/` };
})"""
# the page's language: what the address asks for, else the browser's; fonts and Streamlit's own words go by it
SPOKEN = """
(() => {
  const speak = () => {
    const asked = new URLSearchParams(location.search).get("lang") ?? navigator.language;
    document.documentElement.lang = /^zh/.test(asked) ? "zh-Hans" : "en";
  };
  for (const kind of ["pushState", "replaceState"]) {
    const write = history[kind].bind(history);
    history[kind] = (state, title, url) => {
      write(state, title, url);
      speak();
    };
  }
  speak();
})();
"""
# keys that are pressed on a page whose own keys are not there yet: keys.js hands them on once they are
EARLY = """
((early) => {
  const MOST = 20;
  addEventListener("keydown", (event) => {
    if (event.heard || event.repeat) return;
    const { key, shiftKey, ctrlKey, metaKey, altKey, defaultPrevented } = event, path = event.composedPath();
    const pressed = { key, shiftKey, ctrlKey, metaKey, altKey, defaultPrevented, composedPath: () => path };
    early.push({ ...pressed, preventDefault: () => {}, page: document.location.pathname, at: performance.now() });
    early.splice(0, early.length - MOST);
  });
})((window.explorerEarly = []));
"""
SCRIPT = f"{HISTORY}{EARLY}{SPOKEN}{addresses.SCRIPT}{frame_words.SCRIPT}"
END = b"</body>"  # behind it: Streamlit's own styles come into the head, and of equals the later one holds
# what a browser may ask instead of the page as it is: compressed, a part of it, or only if it is a newer one
WHOLE = (b"accept-encoding", b"range", b"if-none-match", b"if-modified-since")
KEPT = ("etag", "last-modified")  # of the page without the style
root = "/"  # where the server puts the dashboard
dressed = False  # whether the server puts the style in


def dress_of(scope: Scope) -> bytes:
    """What is put into the page that was asked for."""
    address = scope["raw_path"].partition(b"?")[0].decode("latin-1").rstrip("/")
    names = address.removeprefix(root.rstrip("/")).count("/")
    return f"<style>{STYLE}</style><script>{ROOT}({names});{SCRIPT}</script>".encode()


class Shell:
    """ASGI middleware that puts the style into every page that a browser opens."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self.app(scope, receive, send)
            return
        begun: Message | None = None
        body = b""

        async def dress(message: Message) -> None:
            nonlocal begun, body
            if message["type"] == "http.response.start":
                if Headers(raw=message["headers"]).get("content-type", "").startswith("text/html"):
                    begun = message
                    return
            elif begun is not None:
                body += message.get("body", b"")
                if message.get("more_body"):
                    return
                before, end, after = body.rpartition(END)
                message = {**message, "body": before + (dress_of(scope) if end else b"") + end + after}
                headers = MutableHeaders(scope=begun)
                headers["content-length"] = str(len(message["body"]))
                for name in KEPT:
                    del headers[name]
                await send(begun)
                begun = None
            await send(message)

        headers = [(name, value) for name, value in scope["headers"] if name not in WHOLE]
        await self.app({**scope, "headers": headers}, receive, dress)
