"""
Lets Buildbot's web interface that is open in a browser say that the database is away, and come back by itself.

Buildbot 4.3 shows `Loading...` for ever where one of its questions is answered with 503.
A few lines of script in its page load the page anew then: the master answers
that with what is wrong (away_pages.py), and that page looks again until all is well.
"""
from __future__ import annotations

from typing import Any

from buildbot.www.config import IndexResource
from twisted.internet import defer

#: A header of the answers at which an open page looks again: a proxy's own 503 would make it do so for ever.
AWAY_HEADER = b"X-Checkotron-Database"
#: On our method.
_ATTRIBUTE = "checkotron_looks_again"

_SCRIPT = b"""<script>
(function (open) {
  XMLHttpRequest.prototype.open = function () {
    this.addEventListener("load", function () {
      if (this.status === 503 && this.getResponseHeader("%s")) location.reload();
    });
    return open.apply(this, arguments);
  };
})(XMLHttpRequest.prototype.open);
</script></head>""" % AWAY_HEADER


def let_open_pages_look_again() -> None:
    """Put the script into Buildbot's page; safe to call twice."""
    own = IndexResource.renderIndex
    if hasattr(own, _ATTRIBUTE):
        return

    @defer.inlineCallbacks
    def renderIndex(self: Any, request: Any) -> Any:
        page = yield own(self, request)
        return page.replace(b"</head>", _SCRIPT, 1)

    setattr(renderIndex, _ATTRIBUTE, True)
    IndexResource.renderIndex = renderIndex
