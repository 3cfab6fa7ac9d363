"""Writing in a real browser: stages are turned and moved, a text is written, forced and stepped back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from tiny_runs import TINY, recorded
from waiting import until

from explorer import RunConfig, write
from explorer.answers.writing import decoding, speculative
from explorer.answers.writing import text as writing
from explorer.measure.music import abc
from explorer.measure.sampling import passed
from explorer.runs import catalogue
from explorer.ui.generate import tune

pytestmark = pytest.mark.journey
TALL = {"width": 1440, "height": 1600}
STEPS, OWN = 20, "fedcba"
TUNES = RunConfig.preset("tunes").replace(
    {"model.width": 32, "model.heads": 2, "model.layers": 1, "model.context": 32, "train.batch": 8}
)


def test_stages_are_turned_and_moved_and_the_text_follows(visit: Callable):
    run = recorded(catalogue.new_path("writing"), STEPS, TINY, every=5)
    one = visit(viewport=TALL)
    sent: list[str | bytes] = []

    def note(frame: str | bytes) -> None:
        sent.append(frame)

    one.page.on("websocket", lambda socket: socket.on("framesent", note))

    def sent_settings() -> int:
        return sum(b'"settings"' in frame for frame in sent if isinstance(frame, bytes))

    page = one.open(f"/generate?run={run.id}")
    columns, text = page.locator(".stages .column"), page.locator(".written .text").first
    tokens = text.locator("span:not(.prompt)")
    expect(tokens).to_have_text(write(run).tokens)
    names = ["logits", "repetition", "temperature", "top_k", "top_p", "min_p"]

    def order() -> list[str]:
        return [column.get_attribute("data-stage") for column in columns.all()]

    expect(columns).to_have_count(len(names))
    assert order() == names
    page.get_by_role("radio", name="llama.cpp").click()
    assert order() == ["logits", "repetition", "top_k", "top_p", "min_p", "temperature"]
    page.get_by_role("radio", name="Hugging Face").click()
    assert order() == names

    # a slider works in the browser alone until the hand lets go
    slider = page.get_by_role("slider", name="Temperature")
    until(lambda: sent_settings() == 2, "both orders came to the server")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2, steps=5)
    degree = float(slider.input_value())
    assert degree > 2
    answer = writing.next_token(str(run.path), STEPS)
    expected = passed(answer.logits, {"temperature": degree})[-1]
    last = page.locator('[data-stage="min_p"]')
    near = [f"{expected.bits + off:.2f}" for off in (-0.005, 0, 0.005)]  # a digit may round the other way
    expect(last.locator(".said")).to_contain_text(re.compile(f"({'|'.join(near)}) bits"))
    assert sent_settings() == 2, "nothing is sent while the hand holds the slider"
    page.mouse.up()
    expect(tokens).to_have_text(write(run, temperature=degree).tokens)
    until(lambda: sent_settings() == 3, "what the slider came to is sent, once")

    # moved by button and by hand
    page.get_by_role("button", name="Top-k earlier").click()
    assert order() == ["logits", "repetition", "top_k", "temperature", "top_p", "min_p"]
    page.locator('[data-stage="min_p"] b').drag_to(page.locator('[data-stage="repetition"]'))
    assert order() == ["logits", "min_p", "repetition", "top_k", "temperature", "top_p"]
    page.get_by_role("button", name="Draw 10,000 tokens").click()
    expect(page.locator(".stages .foot")).to_contain_text(re.compile(r"χ² = [\d.]+ with \d+ degrees of freedom, p = "))

    # a token is put in another's place
    page.get_by_role("radio", name="Hugging Face").click()
    before = write(run, temperature=degree)
    expect(tokens).to_have_text(before.tokens)
    tokens.nth(2).hover()
    why = page.locator(".written .why")
    expect(why.locator(".name")).to_have_text(["ablation", "gradient × input"])
    expected = writing.why(str(run.path), STEPS, said=tuple(before.numbers[:3].tolist()))
    expect(why.locator(".row").first.locator("span")).to_have_text(expected.tokens)
    tokens.nth(2).click()
    other = next(i for i, token in enumerate(before.leading[2]) if token != before.numbers[2])
    page.locator(".written .choice").nth(other).click()
    chosen = int(before.leading[2][other])
    expect(tokens.nth(2)).to_have_text(before.symbols[chosen])
    expect(tokens.nth(2)).to_have_class(re.compile("forced"))
    expect(page.locator(".written .earlier span")).to_have_text(before.tokens)
    assert tokens.all_inner_texts()[:2] == before.tokens[:2]
    page.get_by_role("button", name="Write by itself again").click()
    expect(tokens).to_have_text(before.tokens)

    # the ground says the rank: one level for each of 1 to 10, to 100, to 1,000, and beyond
    page.get_by_label("Colour of the tokens").select_option("rank")
    expect(page.locator(".written .foot")).to_contain_text("past 1,000: each token’s rank by the model itself")
    grounds = tokens.evaluate_all("all => all.map((span) => span.style.backgroundColor)")
    assert len(set(zip(grounds, (before.rank > 10).tolist(), strict=True))) == len({*(before.rank > 10).tolist()})


@pytest.mark.prove
def test_an_input_of_ones_own_and_another_step_are_written_from(visit: Callable):
    run = recorded(catalogue.new_path("writing"), STEPS, TINY, every=5)
    page = visit(viewport=TALL).open(f"/generate?run={run.id}")
    tokens = page.locator(".written .text").first.locator("span:not(.prompt)")
    before = write(run).tokens
    expect(tokens).to_have_text(before)
    page.get_by_role("button", name="Draw 10,000 tokens").click()
    expect(page.locator(".stages .foot")).to_contain_text("χ² = ")
    box = page.get_by_label("Prompt", exact=True)
    box.fill(OWN)
    box.press("Enter")
    expect(tokens).to_have_text(write(run, OWN).tokens)
    expect(page.locator(".stages .foot")).to_contain_text("χ² = ")  # drawn anew from the bars that are shown now
    box.fill("xyz")
    box.press("Enter")
    expect(page.get_by_text(re.compile("does not know|this model reads 6 symbols")).first).to_be_visible()
    box.fill("")
    box.press("Enter")
    expect(tokens).to_have_text(before)
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("Home")
    expect(page.locator(".stages .head b")).to_contain_text("step 0")
    expect(tokens).to_have_text(write(run, step=0).tokens)


@pytest.mark.prove
def test_a_beam_and_a_tree_are_of_the_step_that_is_looked_at(visit: Callable):
    run = recorded(catalogue.new_path("writing"), STEPS, TINY, every=5)
    page = visit(viewport=TALL).open(f"/generate?run={run.id}&step=0&decoding=Beam+search")
    answer = decoding.beams(str(run.path), 0)
    boxes = page.locator(".branches .box")
    expect(boxes).to_have_count(len(answer.branches))
    page.locator(".branches .pane").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".branches .tip")).to_contain_text("kept: it is among the best")
    page.get_by_role("slider", name="Beam width").press("ArrowRight")
    expect(boxes).to_have_count(len(decoding.beams(str(run.path), 0, width=4).branches))
    page.get_by_text("Tree", exact=True).click()
    expect(boxes).to_have_count(len(decoding.tree(str(run.path), 0, depth=8).branches))
    page.locator("h1").click()
    page.keyboard.press("End")
    expect(page.locator(".branches .head b")).to_contain_text(f"step {STEPS}")
    expect(boxes).to_have_count(len(decoding.tree(str(run.path), STEPS, depth=8).branches))


@pytest.mark.prove
def test_a_draft_is_checked_token_by_token_and_a_tune_is_heard(visit: Callable):
    run = recorded(catalogue.new_path("two"), STEPS, TINY, every=5)
    draft = recorded(catalogue.new_path("two"), STEPS, TINY.replace({"model.width": 8, "train.seed": 1}), every=5)
    one = visit(viewport=TALL)
    page = one.open(f"/generate?run={run.id}&decoding=Two+models")
    answer = speculative.speculation(str(run.path), STEPS, str(draft.path), STEPS)
    tokens = page.locator(".drafted .text [role=button]")
    expect(tokens).to_have_count(len(answer.numbers))
    tokens.first.click()
    verdict = "<.*: accepted" if answer.accepted[0] else "≥.*: rejected"
    expect(page.locator(".drafted .formula").nth(1)).to_have_text(
        re.compile(f"random number {answer.at[0]:.3f} {verdict}")
    )
    proof = page.locator(".drafted .foot span")
    page.get_by_role("button", name="… and accept every draft").click()
    expect(proof).to_contain_text("control, every draft accepted · χ² = ")
    page.get_by_role("button", name="Draw 10,000 tokens by the rule").click()
    expect(proof).to_contain_text(re.compile(r"of 10,000 drafts rejected · χ² = [\d.]+ with"))
    expect(page.get_by_text("of drafts are to be accepted")).to_be_visible()
    page.set_viewport_size(TALL | {"height": 900})
    until(
        lambda: page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight") <= 900, "it fits a screen"
    )
    page.set_viewport_size(TALL)

    tunes = recorded(catalogue.new_path("tunes"), 100, TUNES, every=100)

    def notes(seed: int) -> list[int]:
        text = write(tunes, length=tune.LENGTH, seed=seed).text
        return abc.read(("X:1\n" + text).partition("\n\n")[0]).pitch

    seed = next(seed for seed in range(100) if any(pitch >= 0 for pitch in notes(seed)))
    page = one.open(f"/generate?run={tunes.id}&decoding=Tune")
    box = page.get_by_label("Seed", exact=True)
    box.fill(str(seed))
    box.press("Enter")
    score = page.locator(".score")
    expect(score.locator(".note")).to_have_count(len(notes(seed)))
    expect(score).to_have_attribute("data-audio", "none")
    score.get_by_role("button", name="Play").click()
    expect(score).to_have_attribute("data-audio", "running")
