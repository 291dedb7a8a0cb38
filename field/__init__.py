"""The field trial: servers that others wrote, installed from their registries, started on loopback, tested, and told of.

`servers.toml` says how each server is installed and started, `assessments.toml` what we make of what was found. Reading order:
`manifest`, `install`, `launch`, `trial` (a server tested), then `findings` and `publish` (what is told of it).
"""
