"""Writes a real Llama of 0.2 MB that counts: `tiny_model.py hf FOLDER` for transformers, `tiny_model.py gguf FILE` for llama.cpp.

Attention and feed-forward weights are zero, so the next token depends on the last one alone: after the assistant's tag come the words
of `TALK`, one token each but for the emoji, which takes four, then the end. Anything else is followed by the end; where a grammar
forbids that, by `}` after `{`, else by what stands first in `LIKED`. Prompts are cut into bytes, which makes their cost known.
Needs the standard library alone.
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from itertools import pairwise
from pathlib import Path
from typing import Final

WIDTH: Final = 64
HEADS: Final = 2
CONTEXT: Final = 8192

END: Final = "</s>"
TAGS: Final = ("<s>", END, "<|system|>", "<|user|>", "<|assistant|>", "<|tool|>", "<|end|>")
TALK: Final = (b"One", b" two", b" three", b" four", b" five", b" ", b"\xf0", b"\x9f", b"\x98", b"\x80", b" six", b" seven", b" eight.")
LIKED: Final = b'"}],:{[tfnaeiourslcdhmpgbywkvxqjz10'

TEMPLATE: Final = (
    "{%- for m in messages -%}"
    "{{- '<|' + ('system' if m['role'] == 'developer' else m['role']) + '|>' -}}"
    "{%- if m['content'] is string -%}{{- m['content'] -}}"
    "{%- elif m['content'] -%}{%- for p in m['content'] -%}{{- p['text'] if p['text'] is defined else '' -}}{%- endfor -%}{%- endif -%}"
    "{{- '<|end|>' -}}{%- endfor -%}{{- '<|assistant|>' -}}"
)


def spelled(raw: bytes) -> str:
    """Return bytes in the printable letters that byte-level BPE stands them for (GPT-2's table)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return "".join(chr(byte if byte in printable else 256 + others.index(byte)) for byte in raw)


WORDS: Final = tuple(word for word in TALK if len(word) > 1)
MERGE: Final = (spelled(b"\x01"), spelled(b"\x02"))
"""Loaders want one merge; no prompt of ours has these bytes."""

VOCABULARY: Final = (*TAGS, *(spelled(bytes([byte])) for byte in range(256)), *map(spelled, WORDS), "".join(MERGE))
NUMBER: Final = {token: number for number, token in enumerate(VOCABULARY)}

Matrix = tuple[tuple[int, ...], "array[float]"]


def tensors() -> dict[str, Matrix]:
    """Return every weight by the name that transformers gives it: shape and values, row by row."""
    count = len(VOCABULARY)
    chain = [NUMBER["<|assistant|>"], *(NUMBER[spelled(word)] for word in TALK), NUMBER[END]]
    place = {token: 2 + index for index, token in enumerate(chain[:-1])}
    brace, plain = 2 + len(place), 1
    place[NUMBER["{"]] = brace
    undo = (2 / WIDTH) ** 0.5  # RMSNorm makes of two ones two of sqrt(WIDTH / 2)
    taste = {NUMBER[spelled(bytes([byte]))]: 5.0 - 16.0 * rank for rank, byte in enumerate(LIKED)} | {NUMBER[END]: 40.0}
    embedding, head = (array("f", bytes(4 * WIDTH * count)) for _ in range(2))
    for token in range(count):
        embedding[token * WIDTH] = embedding[token * WIDTH + place.get(token, plain)] = 1.0
        head[token * WIDTH] = taste.get(token, -1000.0) * undo
    for before, after in [*pairwise(chain), (NUMBER["{"], NUMBER["}"])]:
        wanted = 35.0 if place[before] == brace else 90.0
        head[after * WIDTH + place[before]] = (wanted - taste.get(after, -1000.0)) * undo
    square = ((WIDTH, WIDTH), array("f", bytes(4 * WIDTH * WIDTH)))
    ones = ((WIDTH,), array("f", [1.0]) * WIDTH)
    layer = "model.layers.0."
    return {
        "model.embed_tokens.weight": ((count, WIDTH), embedding),
        "lm_head.weight": ((count, WIDTH), head),
        "model.norm.weight": ones,
        layer + "input_layernorm.weight": ones,
        layer + "post_attention_layernorm.weight": ones,
        **{f"{layer}self_attn.{each}_proj.weight": square for each in "qkvo"},
        **{f"{layer}mlp.{each}_proj.weight": square for each in ("gate", "up", "down")},
    }


def write_hf(folder: Path) -> None:
    """Write what `from_pretrained` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    table: dict[str, object] = {"__metadata__": {"format": "pt"}}
    blob = b""
    for name, (shape, values) in tensors().items():
        raw = values.tobytes()
        table[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [len(blob), len(blob) + len(raw)]}
        blob += raw
    header = json.dumps(table).encode()
    header += b" " * (-len(header) % 8)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + blob)
    ends = {"bos_token_id": NUMBER["<s>"], "eos_token_id": NUMBER[END], "pad_token_id": NUMBER[END]}
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": len(VOCABULARY), "hidden_size": WIDTH,
        "intermediate_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": HEADS, "num_key_value_heads": HEADS,
        "hidden_act": "silu", "max_position_embeddings": CONTEXT, "rms_norm_eps": 1e-12, "tie_word_embeddings": False,
        "dtype": "float32", **ends,
    }  # fmt: skip
    added = [
        {"id": NUMBER[tag], "content": tag, "special": True, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
        for tag in TAGS
    ]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    model = {"type": "BPE", "vocab": NUMBER, "merges": [list(MERGE)]}
    tokenizer = {"version": "1.0", "added_tokens": added, "pre_tokenizer": level, "decoder": level, "model": model}
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": END, "pad_token": END, "chat_template": TEMPLATE,
        "model_max_length": CONTEXT, "clean_up_tokenization_spaces": False,
    }  # fmt: skip
    for name, value in (("config", config), ("generation_config", ends), ("tokenizer", tokenizer), ("tokenizer_config", settings)):
        (folder / f"{name}.json").write_text(json.dumps(value, indent=1), "utf-8")


_GGUF: Final = {
    "model.embed_tokens": "token_embd", "lm_head": "output", "model.norm": "output_norm", "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip


def write_gguf(path: Path) -> None:
    """Write one file of GGUF version 3 (github.com/ggml-org/ggml, docs/gguf.md)."""
    unsigned, signed, real, flag, text, several = 4, 5, 6, 7, 8, 9

    def string(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    def strings(values: tuple[str, ...]) -> bytes:
        return struct.pack("<IQ", text, len(values)) + b"".join(map(string, values))

    kinds = [3 if token in TAGS else 1 for token in VOCABULARY]
    facts: dict[str, tuple[int, bytes]] = {
        "general.architecture": (text, string("llama")),
        "general.name": (text, string("tiny")),
        "llama.attention.layer_norm_rms_epsilon": (real, struct.pack("<f", 1e-12)),
        "tokenizer.ggml.model": (text, string("gpt2")),
        "tokenizer.ggml.pre": (text, string("gpt-2")),
        "tokenizer.ggml.tokens": (several, strings(VOCABULARY)),
        "tokenizer.ggml.token_type": (several, struct.pack(f"<IQ{len(kinds)}i", signed, len(kinds), *kinds)),
        "tokenizer.ggml.merges": (several, strings((" ".join(MERGE),))),
        "tokenizer.ggml.add_bos_token": (flag, b"\0"),
        "tokenizer.chat_template": (text, string(TEMPLATE)),
    }
    numbers = {
        "llama.context_length": CONTEXT, "llama.embedding_length": WIDTH, "llama.block_count": 1, "llama.feed_forward_length": WIDTH,
        "llama.attention.head_count": HEADS, "llama.attention.head_count_kv": HEADS, "llama.rope.dimension_count": WIDTH // HEADS,
        "llama.vocab_size": len(VOCABULARY), "tokenizer.ggml.bos_token_id": NUMBER["<s>"], "tokenizer.ggml.eos_token_id": NUMBER[END],
    }  # fmt: skip
    facts |= {name: (unsigned, struct.pack("<I", number)) for name, number in numbers.items()}
    table, blob = b"", b""
    for name, (shape, values) in tensors().items():
        bare = name.removeprefix("model.layers.0.").removesuffix(".weight")
        known = ("blk.0." if name.startswith("model.layers") else "") + _GGUF[bare] + ".weight"
        sides = struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
        table += string(known) + sides + struct.pack("<IQ", 0, len(blob))
        blob += values.tobytes() + b"\0" * (-len(values) * 4 % 32)
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors()), len(facts))
    out += b"".join(string(name) + struct.pack("<I", kind) + value for name, (kind, value) in facts.items()) + table
    path.write_bytes(out + b"\0" * (-len(out) % 32) + blob)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in {"hf", "gguf"}:
        sys.exit(__doc__)
    (write_hf if sys.argv[1] == "hf" else write_gguf)(Path(sys.argv[2]))
