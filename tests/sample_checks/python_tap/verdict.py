"""Returns TAP as the checks of 2014 did."""


def run(item, outcome):
    """Return one result."""
    print("looking at", item)
    word = "ok" if outcome == "PASSED" else "not ok"
    return f"""TAP version 13
1..1
{word} - dist.python_tap for Koji build {item}
  ---
  details:
    output: |-
      {item}: W: something
  item: {item}
  outcome: {outcome}
  summary: 5 ERRORS, 10 WARNINGS
  type: koji_build
  ...
"""
