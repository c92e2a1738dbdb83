"""`run: {using: directives}`, the usual one: the actions of the check's file."""
from __future__ import annotations

from checks.kind import Choice, Flag
from checks.record import Key, Record
from trigger.payload import container_payload, kubernetes_payload, local_payload
from trigger.run_using import RunUsing

SCHEMA = Record((
    Key("using", Choice(("directives",)), "This way of running.", required=True),
    Key("checkout", Flag(), "True clones the check's repository on the worker.", default=True),
))

WAYS = (RunUsing("directives", "local", local_payload, SCHEMA),
        RunUsing("directives", "container", container_payload, SCHEMA),
        RunUsing("directives", "kubernetes", kubernetes_payload, SCHEMA))
