"""The course page's own words, in each language of the lessons."""

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
