"""The commands of the database, for `checkotron results` to pull in when they are used."""
from __future__ import annotations

#: Sub-command: (module, attribute, the line in `checkotron results --help`).
COMMANDS: dict[str, tuple[str, str, str]] = {
    "serve": ("reporting.database.commands.serve", "serve", "Serve a results database over HTTP."),
    "reset": ("reporting.database.commands.reset", "reset", "Delete everything in a results database."),
    "token": ("reporting.database.commands.token", "token", "Say who may write which testcases."),
    "prune": ("reporting.database.commands.prune", "prune", "Delete old results."),
    "export": ("reporting.database.commands.transfer", "export", "Write everything as JSON lines."),
    "import": ("reporting.database.commands.transfer", "import_command",
               "Read JSON lines, or another ResultsDB's results."),
    "backup": ("reporting.database.commands.transfer", "backup", "Copy a whole database while it is in use."),
    "watch": ("reporting.database.commands.watch", "watch", "Print results as they are stored."),
    "migrate": ("reporting.database.commands.migrate", "migrate", "Bring the tables up to date."),
}
