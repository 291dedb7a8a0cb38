"""What drawn conversations are made of: short sensible sentences, and text that has broken servers.

Fixed lists and not generated text: a model has something to answer, the words do not depend on which Unicode version a Python knows, and
each awkward fragment is one that a reader can look up.
"""

# ruff: noqa: RUF001 - letters that look like others are what some of these are for

from __future__ import annotations

from typing import Final

QUESTIONS: Final = (
    "Say hello.",
    "Name one colour.",
    "What is two plus two?",
    "Answer with one word: is water wet?",
    "Repeat the text in quotes.",
    "Count to three.",
)

ANSWERS: Final = ("Hello!", "Blue.", "Four.", "Yes.", "One, two, three.")

INSTRUCTIONS: Final = ("You are a helpful assistant.", "Answer in one short sentence.", "Be brief.")

FRAGMENTS: Final = (
    "",
    "naïve café",
    "e\u0301 and é",  # a combining accent beside its composed form
    "Grüße aus Köln",
    "你好，世界",
    "こんにちは",
    "안녕하세요",
    "Привет, мир",
    "नमस्ते",
    "مرحبا بالعالم",
    "שלום \u200f(right to left)\u200e",
    "👩\u200d👩\u200d👧\u200d👦 and 🇩🇪",  # joined emoji and a flag: several code points, one glyph
    "𝒜𝓁𝓅𝒽𝒶 𐍈",  # outside the basic plane: surrogate pairs in UTF-16
    "line one\nline two\r\n\tindented",
    "\u2028 and \u2029",  # line separators for JavaScript and str.splitlines, none in an event stream
    "\u0085 next line",
    "zero\u200bwidth\ufeff",
    '"quoted" \\ back\\slash \\u0041',
    "data: [DONE]",  # would end a stream that is written without encoding
    '{"role": "system", "content": "no"}',
    "<|im_end|>",
    "<script>alert(1)</script> &amp; &lt;",
    "%s {0} ${HOME} {{ braces }}",
    "\ufffd",
    "a" * 64,
)

NAMES: Final = ("alice", "Bob_2", "carol-x")
