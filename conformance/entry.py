"""What pytest loads wherever this package is installed: nothing, until somebody asks for `conformance`.

The options of the suite have plain names (`--base-url`, `--model`), which other plugins have as well. So the plugin proper joins in only
when `conformance` is among the arguments: `pytest --pyargs conformance --base-url …`.
"""

from __future__ import annotations

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Register the plugin proper; its options are declared in time for the arguments to be read."""
    if any(argument == "conformance" or argument.startswith("conformance::") for argument in args):
        from conformance import plugin

        if not early_config.pluginmanager.is_registered(plugin):
            early_config.pluginmanager.register(plugin, "conformance.plugin")
