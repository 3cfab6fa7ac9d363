"""The lesson beside a page: what to do there, marked until it is done, and the way back to the view before it."""

from __future__ import annotations

import re

import streamlit as st

from explorer.lessons.lesson import PARTS, SEARCH, Lesson, Target
from explorer.lessons.reading import lessons
from explorer.ui import chosen, pressing, refusals, visit
from explorer.ui.locale.language import current
from explorer.ui.parts import course_numbers, course_visitor, course_way
from explorer.ui.parts.course_marking import course_markdown
from explorer.ui.parts.course_way import PAGE, leave, look, open_lesson, way
from explorer.ui.parts.course_words import word

TICK_SECONDS = 1.0
NOT_IN_CLASSES = re.compile(r"[^\w-]", re.ASCII)
PLAYER, CONTROLS = '[class~="st-key-player"]', '[class*="st-key-beside-control-"]'
FOLD, CLOSED = '[class*="st-key-beside-see-"]', "details:not([open])>summary"  # what the controls stand in
RESTART = "restart-button"  # opens the form of a new run with other settings
WIDGET = '.stElementContainer[class*="KEY"]'  # and not what it stands in
SEARCHES = '[class*="st-key-card-search-"]'  # that one press begins
MARK = "{ outline: 2px dashed var(--st-primary-color, #c2410c) !important; outline-offset: -2px; border-radius: 6px; }"
AROUND = MARK.replace("-2px", "3px")  # of a widget, whose own ground would hide it


def show() -> None:
    """In the sidebar: the lesson whose run was started, on every page but that of the course."""
    if way().beside is not None and visit.state().page != PAGE:
        with st.container(key="lesson-beside"):
            pressing.live(live, TICK_SECONDS)


def live() -> None:
    """The lesson as it stands now."""
    refusals.tick()
    name = way().beside
    if name is None:
        return
    lesson, language = lessons()[name], current()
    words, target = lesson.words[language], look(lesson)
    if course_way.keep_beside():
        course_visitor.keep()
    st.caption(word("lesson", language, place=lesson.place))
    st.markdown(f"**{words.title}**")
    seen: set[str] = set()
    course_markdown("\n\n".join(action(lesson, place, target) for place in range(len(words.actions))), language, seen)
    with st.expander(PARTS["see"][language], key=f"beside-see-{name}"):
        if way().sees(lesson):
            if name in way().of_browser.curves:
                from explorer.ui.parts import course_drawn  # loads charts and pandas, which the first page does without

                course_drawn.reveal(lesson, f"beside-curve-{name}")
            course_markdown(words.parts["see"], language, seen)
            if numbers := course_numbers.line(lesson):
                st.caption(numbers)
            step_button(lesson, language)
            course_way.control_button(lesson, language, "beside-control")
        else:
            st.caption(word("guess first", language))
    with st.container(horizontal=True, gap="small", key="lesson-beside-ways"):
        st.button(word("whole", language), key="beside-whole", on_click=open_lesson, args=(name,))
        if following := after(name):
            st.button(word("on", language), key="beside-next", on_click=open_lesson, args=(following,))
        st.button(word("leave", language), key="beside-leave", on_click=leave, help=word("leaving", language))
    st.html(f"<style>{marks(target, lesson)}</style>")


def action(lesson: Lesson, place: int, target: Target | None) -> str:
    """One action, with a check where its target was reached, and how far the run is where it waits for a step."""
    language = current()
    text, aims = lesson.words[language].actions[place], lesson.head.aims
    if (lesson.name, place) in way().reached:
        return f":green[:material/check_circle:] {text}"
    run, aim = chosen.run(), aims[place]
    reaching = aim == target and run is not None and visit.state().page == aim.page and aim.step > run.last
    step = word("reaching", language, now=f"{run.last:,}", step=f"{aim.step:,}") if reaching and run else ""
    return f":orange[:material/radio_button_unchecked:] {text}" + (f" :orange[({step})]" if step else "")


def step_button(lesson: Lesson, language: str) -> None:
    """The way to the step that the lesson speaks of, where its run or its control is at another one; none where no
    action is about that step."""
    run, looked_at, at = chosen.run(), visit.state().step, lesson.head.expect[0].at
    if not any(at in (aim.step, aim.back) for aim in lesson.head.aims):
        return
    if run is None or run.config not in (lesson.head.start.config, lesson.head.other) or run.last < at:
        return
    if at == (run.last if looked_at is None else looked_at):
        return
    st.button(word("look", language, step=at), key=f"beside-step-{lesson.name}", on_click=look_back, args=(at,))


def look_back(step: int) -> None:
    """Shows a step on the page, which is drawn as a whole for it. For callbacks."""
    visit.state().step, visit.state().rerun = step, True


def marks(target: Target | None, lesson: Lesson) -> str:
    """The style that marks where the next action of a lesson happens: a page's line in the navigation, its row of
    sections, or what is to be used."""
    if target is None:
        return ""
    if visit.state().page != target.page:
        return f'[data-testid="stSidebarNavLink"][href$="/{target.page}"] {MARK}'
    section = visit.state().section
    if target.section and section is not None and section[0] != target.section:
        return f".st-key-sections {MARK}"
    if target.hand:
        return f"{SEARCHES} {MARK}" if SEARCH in target.hand else f"{', '.join(map(widget, target.hand))} {AROUND}"
    if target.back is not None or target.rests:
        return f"{PLAYER} {MARK}"
    if not target.settings:
        return ""
    if target.settings == lesson.head.control.settings:
        return f"{FOLD} {CLOSED}, {CONTROLS} {MARK}"
    return f"{widget(RESTART)} {AROUND}"


def widget(part: str) -> str:
    """The widgets with this part in their keys, as Streamlit writes those into the classes of elements."""
    return WIDGET.replace("KEY", NOT_IN_CLASSES.sub("-", part))


def after(name: str) -> str | None:
    """The lesson that comes next in the book."""
    names = list(lessons())
    return next(iter(names[names.index(name) + 1 :]), None)


def of_page() -> None:
    """In the sidebar: the lessons that this page is about, behind one button."""
    page, language = visit.state().page or "start", current()
    about = [lesson for lesson in lessons().values() if page in {aim.page for aim in lesson.head.aims}]
    if not about or page == PAGE:
        return
    label = word("of this page", language, number=len(about))
    with st.popover(label, icon=":material/school:", width="stretch", key="lessons-of-page"):
        for lesson in about:
            st.button(
                f"{lesson.place} {lesson.words[language].title}",
                key=f"lesson-of-page-{lesson.name}",
                type="tertiary",
                on_click=open_lesson,
                args=(lesson.name,),
            )
