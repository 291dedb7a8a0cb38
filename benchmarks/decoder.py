"""How fast our event stream decoder is next to those of httpx-sse and the openai SDK.

The same bytes in the same process, all events kept.
Run `python -m benchmarks.decoder` from the root of the repository. Prints ratios, since times say more about the machine: 1.0 is our
own time, and a peer at 2.0 takes twice as long. Each figure is the least of several runs, taken in turns. Ends with status 1 when
httpx-sse was faster.
"""

from __future__ import annotations

import importlib.util
import json
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator

from conformance.sse import Decoder

EVENTS = 20_000
RUNS = 5
READS = {"a read per event": 0, "reads of 16 KiB": 16_384, "one read": 1 << 62}

Count = Callable[[list[bytes]], int]


def body() -> list[bytes]:
    """Events as a chat completion streams them, the terminator last."""
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_760_000_000, "model": "m"}
    texts = (f" word{number} é" for number in range(EVENTS - 1))
    data = [
        json.dumps(chunk | {"choices": [{"index": 0, "delta": {"content": t}, "finish_reason": None}]}, ensure_ascii=False) for t in texts
    ]
    return [f"data: {line}\n\n".encode() for line in [*data, "[DONE]"]]


def cut(events: list[bytes], size: int) -> list[bytes]:
    """The same bytes in reads of `size`; 0 keeps the events apart."""
    if not size:
        return events
    whole = b"".join(events)
    return [whole[start : start + size] for start in range(0, len(whole), min(size, len(whole)))]


def ours(reads: list[bytes]) -> int:
    """Events that our decoder finds."""
    decoder = Decoder()
    for read in reads:
        decoder.feed(read)
    return len(decoder.close().events)


def httpx_sse(reads: list[bytes]) -> int:
    """Events that httpx-sse finds, decoding text, lines and fields as its `EventSource` does."""
    from httpx_sse._decoders import SSEDecoder, SSELineDecoder

    utf8, lines, decoder = getincrementaldecoder("utf-8")(errors="replace"), SSELineDecoder(), SSEDecoder()

    def all_lines() -> Iterator[str]:
        for read in reads:
            yield from lines.decode(utf8.decode(read))
        yield from lines.flush()

    return len([event for line in all_lines() if (event := decoder.decode(line.rstrip("\n"))) is not None])


def openai(reads: list[bytes]) -> int:
    """Events that the openai SDK finds."""
    from openai._streaming import SSEDecoder

    return len(list(SSEDecoder().iter_bytes(iter(reads))))


PEERS: dict[str, Count] = {"httpx_sse": httpx_sse, "openai": openai}


def seconds(count: Count, reads: list[bytes]) -> float:
    """Time of one run, which must find every event."""
    start = time.perf_counter()
    found = count(reads)
    elapsed = time.perf_counter() - start
    if found != EVENTS:
        raise SystemExit(f"{count.__name__} found {found} of {EVENTS} events: the comparison means nothing.")
    return elapsed


def main() -> None:
    """Prints one line per way of cutting the body into reads and peer."""
    slower: list[str] = []
    events = body()
    peers = {name: count for name, count in PEERS.items() if importlib.util.find_spec(name)}
    for name in PEERS.keys() - peers.keys():
        print(f"{name}: skipped, not installed")
    for label, size in READS.items():
        reads = cut(events, size)
        best: dict[str, float] = {}
        for _ in range(RUNS):
            for name, count in {"ours": ours, **peers}.items():
                best[name] = min(best.get(name, float("inf")), seconds(count, reads))
        print(f"{label}: ours {best['ours'] / EVENTS * 1e6:.2f} µs per event")
        for name in peers:
            print(f"  {name}: {best[name] / best['ours']:.2f} x our time")
        if best.get("httpx_sse", best["ours"]) < best["ours"]:
            slower.append(label)
    if slower:
        raise SystemExit(f"httpx-sse is faster on: {', '.join(slower)}")


if __name__ == "__main__":
    main()
