"""Runs: everything trained on this machine; open, rename, hand out, delete."""

import streamlit as st

from explorer.runs import catalogue, quota
from explorer.ui import chosen, foreign, refusals, room, sitemap, store
from explorer.ui.pressing import pressed
from explorer.ui.runs import groups, judging, rows

PAGE = 30  # groups that are drawn at once
ANY = "in any state"
ORDERS = {"newest first": lambda group: -group.when, "largest first": lambda group: -group.size}


def summaries() -> list[store.Summary]:
    """All runs here; a file that cannot be read gets its sentence on the page."""
    readable = []
    for path in catalogue.newest(quota.ALL.runs):
        try:
            readable.append(store.summary(str(path), store.changed(path)))
        except FileNotFoundError:  # removed since the folder was read
            continue
        except ValueError as error:
            st.warning(foreign.sentence(str(error)), icon=":material/broken_image:")
    return readable


st.title("Runs", anchor=False)
st.markdown("A run is one file: config, every step, weights over time, events. Open it here or anywhere else.")
refusals.show()
room.undo()

upload = st.file_uploader(
    "Open a run file", type=["run"], key="upload-run", help="From another machine, or from this one's Save."
)
with refusals.at("upload"):
    if upload is not None and pressed(st.button, "Open it", "upload-open", type="primary"):
        chosen.room()
        chosen.open_run(store.take_in(upload.name, upload.getvalue()))
        run = chosen.run()
        sitemap.switch("train" if run is None else sitemap.seen_on(run.config))

judging.show()
room.offer()
runs = summaries()
if runs:
    with st.container(horizontal=True, vertical_alignment="bottom", key="runs-filter"):
        words = st.text_input("Find", key="runs-find", placeholder="a name, a preset, a setting", width=260)
        states = sorted({run.state for run in runs})
        state = st.selectbox("State", [ANY, *states], key="runs-state", width=160)
        order = st.selectbox("Order", list(ORDERS), key="runs-order", width=160)
    kept = [group for group in groups.grouped(runs) if group.matches(words, None if state == ANY else state)]
    kept.sort(key=ORDERS[order])
    use = sum(group.size for group in kept)
    count = sum(len(group.runs) for group in kept)
    st.caption(f"{count:,} of {len(runs):,} runs · {store.megabytes(use)}")
    shown = st.session_state.setdefault("runs-shown", PAGE)
    for group in kept[:shown]:
        rows.show(group)
    if not kept:
        st.info("No run is called so or in such a state. Clear “Find”, or choose any state.", icon=":material/search:")
    if len(kept) > shown:
        more = {"runs-shown": shown + PAGE}
        label = f"Show {min(PAGE, len(kept) - shown)} more"
        st.button(label, key="runs-more", on_click=st.session_state.update, args=(more,))
else:
    st.info("Nothing has been trained yet. Start with one of the cards on the first page.")
