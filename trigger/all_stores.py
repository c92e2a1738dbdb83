"""The literal list of stores."""
from __future__ import annotations

from trigger.stores.directory import DirectoryStore
from trigger.stores.memory import MemoryStore
from trigger.stores.results_database import ResultsDatabaseStore

STORES = {"memory": MemoryStore, "directory": DirectoryStore, "results_database": ResultsDatabaseStore}
