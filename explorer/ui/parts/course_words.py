"""The course's own words, in each language of the lessons."""

from __future__ import annotations

WORDS = {
    "start": {"en": "Train it and open {page}", "zh": "开始训练，打开 {page} 页面"},
    "right": {"en": "Yes: {answer}", "zh": "对：{answer}"},
    "wrong": {"en": "No. It is: {answer}", "zh": "不对。答案是：{answer}"},
    "contents": {"en": "Contents", "zh": "目录"},
    "back": {"en": "Back: {title}", "zh": "上一课：{title}"},
    "next": {"en": "Next: {title}", "zh": "下一课：{title}"},
    "chapter": {"en": "Chapter {number}", "zh": "第 {number} 章"},
    "opened": {"en": "opened", "zh": "已打开"},
    "done": {"en": "done", "zh": "已完成"},
    "score": {"en": "You guessed right {right} of {all} times.", "zh": "你猜了 {all} 次，猜对 {right} 次。"},
    "class": {
        "en": "Guessed right so far: {right} of {all} visitors.",
        "zh": "到目前为止，{all} 位访客中有 {right} 位猜对。",
    },
    "lesson": {"en": "Lesson {place}", "zh": "第 {place} 课"},
    "whole": {"en": "The whole lesson", "zh": "整节课"},
    "on": {"en": "Next lesson", "zh": "下一课"},
    "leave": {"en": "Leave", "zh": "离开"},
    "leaving": {
        "en": "Leaves the lesson and shows again what you looked at before it.",
        "zh": "离开这一课，回到之前看的内容。",
    },
    "reaching": {"en": "step {now} of {step}", "zh": "第 {now} 步，共 {step} 步"},
    "guess first": {"en": "Guess first, then see.", "zh": "先猜一猜，再看结果。"},
    "of this page": {"en": "Lessons about this page · {number}", "zh": "与本页有关的课 · {number}"},
    "glossary": {"en": "Glossary: {number} terms", "zh": "术语表：{number} 个术语"},
    "going on": {
        "en": "What this course leaves out, others teach well.",
        "zh": "这门课没有讲的，别处讲得很好。",
    },
    "about": {
        "en": "Each lesson opens one training and says what happens in it. Every claim was measured with several "
        "seeds, next to a control in which it must fail.",
        "zh": "每一课都会开始一次真实的训练，并说明其中会发生什么。"
        "每个结论都用多个随机种子测量过，旁边还有一个必须失败的对照。",
    },
}


def word(name: str, language: str, **values: object) -> str:
    """One of them, filled in."""
    return WORDS[name][language].format(**values)
