"""The commands for the embedded server."""

import json
import os
import subprocess
import sys

from screentime.labelstudio import server


def run(*arguments, home):
    return subprocess.run(
        [sys.executable, "-m", "screentime.cli", *arguments],
        capture_output=True, text=True, env={**os.environ, "SCREENTIME_HOME": str(home)},
    )


def test_server_status_names_the_login_and_never_the_password(ls_home, ls_server):
    done = run("server", "status", "--format", "table", home=ls_home)
    account = server.credentials(ls_home)
    assert done.stdout == (
        f"Label Studio runs at {ls_server.url} ; log in as {account.username} with the password in"
        f" {ls_home / 'labelstudio' / 'credentials.json'}\n"
    )
    assert account.password not in done.stdout + done.stderr
    assert account.token not in done.stdout + done.stderr


def test_a_pipe_gets_a_row(ls_home, ls_server):
    header, row = run("server", "status", home=ls_home).stdout.splitlines()
    assert header == "running,url,port,pid,username,password_file"
    assert row.startswith(f"True,{ls_server.url},{ls_server.port},")


def test_server_status_of_an_empty_home(tmp_path):
    done = run("server", "status", "--json", home=tmp_path)
    assert json.loads(done.stdout) == {"running": False}
