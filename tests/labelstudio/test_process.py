"""A noted process is ours, or is left alone."""

import json

import psutil

from screentime.labelstudio import server


def test_recycled_pid_is_never_signalled(make_home):
    home = make_home()
    me = psutil.Process()
    noted = {"pid": me.pid, "created": me.create_time() - 3600, "host": "127.0.0.1", "port": 8080, "executable": me.cmdline()[0]}
    (home / "labelstudio" / "server.json").write_text(json.dumps(noted))
    assert server.status(home) is None
    assert server.stop(home) is False
