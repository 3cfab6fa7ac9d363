"""Answering in a real browser: a fact is taught another answer and kept as a branch, which is then talked to."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from tiny_runs import recorded
from waiting import until

from explorer import Run, RunConfig
from explorer.answers.writing import chat, facts
from explorer.measure.names import percent
from explorer.runs import catalogue
from journeys.bar import section

pytestmark = pytest.mark.journey
STEPS, QUESTION = 6, "currency of Japan ?"
SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 4, "optimizer.name": "adamw"}


@pytest.mark.prove
def test_a_fact_is_taught_anew_kept_as_a_branch_and_asked_in_the_chat(visit: Callable) -> None:
    run = recorded(catalogue.new_path("facts"), STEPS, RunConfig.preset("facts").replace(SMALL), every=3)
    page = visit(viewport={"width": 1440, "height": 1200}).open(f"/generate?run={run.id}&decoding=Facts")
    said = page.locator(".look-for-edit")
    expect(said).to_contain_text("the new answer’s probability goes from")

    page.get_by_role("textbox", name=re.compile("^Prompt|^Question")).first.fill(QUESTION)
    page.keyboard.press("Enter")
    page.get_by_role("spinbutton", name="Steps").fill("40")
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name=re.compile("Rate")).click()
    page.get_by_role("option", name="0.03").click()
    edited = facts.edited(str(run.path), STEPS, QUESTION, "Euro", 40, 3e-2)
    itself = edited.rows[0]
    expect(said).to_contain_text(f"goes from {percent(itself.p_before)} to {percent(itself.p_after)}, and it is given")
    expect(page.locator("table.words").first).to_contain_text(QUESTION)

    page.get_by_role("button", name="Branch with this edit").click()
    page.wait_for_url(lambda url: "run=" in url and f"run={run.id}" not in url)
    branch = re.search(r"run=([^&]+)", page.url)
    assert branch is not None
    path = catalogue.path_of(branch[1])
    until(lambda: any(event.kind == "edit" for event in Run.open(path).events), "the edit is in its file")

    section(page, "Chat")
    box = page.get_by_role("textbox", name="Ask it")
    box.fill(QUESTION)
    box.press("Enter")
    assert chat.reply(str(path), STEPS, QUESTION).text == "Euro"
    message = page.get_by_test_id("stChatMessage").nth(1)
    expect(message).to_contain_text(re.compile(r"step [\d,]+"))
    step = re.search(r"step ([\d,]+)", message.inner_text())  # the branch trains on: the reply is of that moment
    assert step is not None
    expect(message).to_contain_text(chat.reply(str(path), int(step[1].replace(",", "")), QUESTION).text)
    box.fill("What is <b>the time</b>?")
    box.press("Enter")
    expect(page.get_by_text(re.compile("the model never saw"))).to_be_visible()
    expect(page.locator(".look-for-chat")).to_contain_text("it does not know that it does not know")
