"""The package sources, and which one a setting means: a folder, a web server with folder listings, or a Koji hub."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runner.address_rule import folder_refused, rule_in
from runner.package_source import PackageSource, SourceError


def source_for(store: str | None, hub: str | None, settings: Mapping[str, str]) -> PackageSource:
    """
    Return the source that a directive's parameters ask for, else that of the settings.

    A store is tried before a hub: it is nearer. Raises SourceError: none is set; DirectiveError: not for this check.
    """
    rule = rule_in(settings) if store or hub else None
    store, hub = (store, hub) if store or hub else (settings.get("koji_store"), settings.get("koji_hub"))
    if store and is_hub(store):
        store, hub = None, store
    if store and store.startswith(("http://", "https://")):
        from runner.package_sources.web_store import WebStore

        return WebStore(store, rule)
    if store and rule is not None:
        raise folder_refused(store)
    if store:
        from runner.package_sources.folder_store import FolderStore

        return FolderStore(Path(store.removeprefix("file://")))
    if hub:
        from runner.package_sources.koji_hub import KojiHub

        return KojiHub(hub, settings.get("koji_topurl"), rule)
    raise SourceError("no source of packages is set; give `--koji-store FOLDER|URL`, or set $CHECKOTRON_KOJI_STORE "
                      "or $KOJI_HUB_URL")


def is_hub(url: str) -> bool:
    """True for the URL of a hub: they end in `/kojihub`."""
    return url.rstrip("/").endswith(("/kojihub", "/kojihub/xmlrpc"))
