"""Of what a model says, the words are translated and what kind of words they are is not: it has their colour."""

from explorer.ui.locale.message_words import translated_in


def test_a_kind_of_words_is_no_word():
    foot = [["right", "right"], ["", " "], ["wrong", "wrong"]]
    said = translated_in({"parts": [{"foot": foot, "lines": [[["right", "t"]]]}]}, "", "zh")["parts"][0]
    assert [kind for kind, _ in said["foot"]] == ["right", "", "wrong"]
    assert [words for _, words in said["foot"]] == ["正确", " ", "错"]
    assert said["lines"] == [[["right", "t"]]]


def test_the_tokenizer_of_words_is_no_note_and_a_column_is_still_one():
    rows = {"rows": [{"name": "words"}, {"name": "characters"}]}
    assert [row["name"] for row in translated_in(rows, "", "zh")["rows"]] == ["词", "字符"]
    assert translated_in({"columns": {"name": "head"}}, "", "zh") == {"columns": {"name": "头"}}
