"""`run: {using: command}`: one command; a list as it is, a text through a shell on the worker."""
from __future__ import annotations

from checks.kind import Choice, Either, Flag, ListOf, Text
from checks.record import Key, Record
from trigger.payload import container_payload, kubernetes_payload, local_payload
from trigger.run_using import RunUsing

SCHEMA = Record((
    Key("using", Choice(("command",)), "This way of running.", required=True),
    Key("command", Either((ListOf(Text()), Text("a command line"))), "What to run.", required=True),
    Key("checkout", Flag(), "True clones the check's repository on the worker; false where the image carries it.",
        default=True),
))

WAYS = (RunUsing("command", "local", local_payload, SCHEMA),
        RunUsing("command", "container", container_payload, SCHEMA),
        RunUsing("command", "kubernetes", kubernetes_payload, SCHEMA))
