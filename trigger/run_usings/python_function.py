"""`run: {using: python-function}`: a function in a file of the check; not in a cluster, whose images have no runner."""
from __future__ import annotations

from checks.kind import Choice, Flag, Text
from checks.record import Key, Record
from trigger.payload import container_payload, local_payload
from trigger.run_using import RunUsing

SCHEMA = Record((
    Key("using", Choice(("python-function",)), "This way of running.", required=True),
    Key("file", Text("a file of the check"), "Where the function is.", required=True),
    Key("callable", Text("a name"), "What it is called.", default="run"),
    Key("checkout", Flag(), "True clones the check's repository on the worker.", default=True),
))

WAYS = (RunUsing("python-function", "local", local_payload, SCHEMA),
        RunUsing("python-function", "container", container_payload, SCHEMA))
