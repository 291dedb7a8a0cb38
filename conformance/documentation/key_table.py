"""The document docs/target-file.md: what a target file is, and every key of it.

`python -m conformance.documentation.key_table` writes it anew; `--check` only says whether it is current.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.documentation.current import ROOT, command
from conformance.options import Kind, Option
from conformance.target.target_reader import KEYS, MODELS

DOCUMENT: Final = ROOT / "docs" / "target-file.md"

EXAMPLE: Final = """[target]
base_url = "https://gateway.example/v1"
model = "my-model"
key_variable = "GATEWAY_KEY"
claims = ["tools", "json-schema"]
denies = ["audio"]

[target.headers]
x-tenant = "acme"
x-gateway-token = "Bearer ${GATEWAY_TOKEN}"

[run]
tier = "gate"
strict = true

[limits]
concurrency = 4
rate = 5
requests = 1000

[timeouts]
total = 300

[tls]
ca_file = "certificates/ca.pem"
"""

_HEAD: Final = f"""# The target file

Written by `nox -s documents`; a test holds that it is current.

A project says once, in `conformance.toml`, how its endpoint is tested. Every run then obeys it:

```toml
{EXAMPLE}```

`conformance init --base-url URL` writes one with a comment for every key. It asks the endpoint ten small requests at most, and says so
first: whether it lets us in, which models it lists, under which name it takes a cap on its output, and what it makes of a few features.
What took effect is claimed, and what was refused is denied. It writes nothing where the endpoint cannot be tested, and replaces a file
only with `--force`.

## Which file, and what goes before it

- `--target FILE` names it. Without it, and without `--base-url`, a `conformance.toml` in the current directory is used; the first line of
  the output says so.
- An option on the command line goes before the same key of the file. A list or a table replaces the whole one of the file.
- What the file turns on with `true`, the command line cannot turn off.
- `--base-url` without `--target` leaves a `conformance.toml` aside, all of it: a key and headers that are meant for one endpoint go to no
  other.
- The word `reference` for a base URL means the embedded reference server. A file that names no endpoint is an error.
- `{MODELS}` may list several models in the place of `target.model`. `conformance run` tests one after the other; whatever asks a single
  one, such as `plan`, `explore` and pytest, has it named with `--model`.
- `pytest --pyargs conformance`, `nox -s conformance` and the commands `plan`, `explore` and `minimise` read the file in the same way.
- A run that is gone on with (`--resume`) reads the file that it was begun with. What its record says goes before the file.

## Secrets

None belongs into the file. The key stands in a variable of the environment, which `target.key_variable` names. A header, a query
parameter and the URL of the proxy refer to others: `$NAME` or `${{NAME}}`, and `$$` for the sign itself. A plain value under a name that
sounds secret is refused, and so is a password in the URL of the proxy. A record holds the names of headers and parameters, and never
their values. Where the target repeats the key, a value of eight characters or more that was taken from the environment, or one whose name
sounds secret, it is masked.

The passphrase of a client key stands in `CONFORMANCE_CLIENT_KEY_PASSPHRASE`. There is no other way to give it.

## Mistakes

Whatever is wrong with the file is told before the first request, with line, column and what to do; all that can be seen in the file
alone is told at once. The exit status is 4.

## The context window

`target.context_window` has a prompt sent that is longer than the window, whatever the tokenizer: a random word of four letters for each
token, and five in a hundred more. There are more such words than any vocabulary in wide use has tokens, so on average no token can
carry one whole word; and a tokenizer that cuts at spaces needs one for each word at least. A conforming endpoint refuses it and bills
nothing. Give the whole window of the model, not less: a prompt that fits after all is billed. Windows of more than 1,048,576 tokens are
not tried; the request for that one has five megabytes.

## Keys

Paths are relative to the folder of the file.
"""

_TYPES: Final = {
    Kind.TEXT: "text",
    Kind.WHOLE: "whole number",
    Kind.NUMBER: "number",
    Kind.FLAG: "true or false",
    Kind.LIST: "list of texts",
    Kind.TABLE: "table of texts",
    Kind.FILE: "path",
    Kind.NAME_OR_FILE: "name or path",
}


def document() -> str:
    """The whole document."""
    tables = dict.fromkeys(key.partition(".")[0] for key in KEYS)
    return _HEAD + "".join("\n".join(["", f"### [{table}]", "", *_rows(table), ""]) for table in tables)


def _rows(table: str) -> Iterator[str]:
    yield "| Key | Type | Default | Option | What it is |"
    yield "|---|---|---|---|---|"
    for key, option in KEYS.items():
        if key.startswith(f"{table}."):
            default = f"`{option.default}`" if option.default else ""
            yield f"| `{key}` | {_TYPES[option.kind]} | {default} | {_option(option)} | {option.help.replace('|', chr(92) + '|')} |"


def _option(option: Option) -> str:
    metavar = f" {option.metavar}" if option.metavar and option.kind is not Kind.TABLE else ""
    return f"`--{option.name}{metavar}`".replace("|", "\\|")


main: Final = command(DOCUMENT, document)


if __name__ == "__main__":
    main()
