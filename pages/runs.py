"""Runs: everything trained on this machine; open, keep, hand out."""

from datetime import datetime
from functools import partial

import streamlit as st

from explorer.runs import catalogue
from explorer.ui import chosen, sitemap, store


def seen_on() -> st.Page:
    """Where the run just opened is looked at."""
    run = chosen.run()
    return sitemap.page("train" if run is None else sitemap.seen_on(run.config))


st.title("Runs", anchor=False)
st.markdown("A run is one file: config, every step, weights over time, events. Open it here or anywhere else.")
chosen.complaints()

upload = st.file_uploader("Open a run file", type=["run"], help="From another machine, or from this one's Save.")
if upload is not None and st.button("Open it", type="primary"):
    try:
        chosen.open_run(store.take_in(upload.name, upload.getvalue()))
    except ValueError as error:
        st.error(str(error), icon=":material/block:")
    else:
        st.switch_page(seen_on())

paths = catalogue.newest()
if not paths:
    st.info("Nothing has been trained yet. Start with one of the cards on the first page.")
for path in paths:
    try:
        run = store.summary(str(path), path.stat().st_mtime_ns)
    except ValueError as error:
        st.warning(str(error), icon=":material/broken_image:")
        continue
    with st.container(border=True):
        name, told, opened, saved = st.columns([3, 3, 1, 1], vertical_alignment="center")
        name.markdown(f"**{run['name']}**  \n:gray[{path.stem}]")
        when = datetime.fromtimestamp(path.stat().st_mtime).strftime("%d %b %H:%M")
        told.markdown(f"{run['last']:,} steps · {run['state']} · loss {run['loss']}  \n:gray[{when} · {run['size']}]")
        if opened.button("Open", key=f"open-{path.stem}", width="stretch"):
            chosen.open_run(path.stem)
            st.switch_page(seen_on())
        saved.download_button(
            "Save",
            partial(store.whole, path),
            file_name=path.name,
            key=f"save-{path.stem}",
            width="stretch",
        )
