"""What scripts/rehearse_compose makes of docker-compose.yml; that it all runs, only running it tells."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from scripts.composing import __main__ as rehearsal
from scripts.composing.box import ADDRESSES, bare, command

ROOT = Path(__file__).parent.parent


def test_every_variable_is_filled_in_and_each_secret_is_another(tmp_path):
    whole = rehearsal.filled(tmp_path)
    assert "${" not in str(whole)
    db, studio, ours = (whole["services"][name] for name in ADDRESSES)
    assert studio["environment"]["POSTGRE_PASSWORD"] == db["environment"]["POSTGRES_PASSWORD"]
    assert ours["environment"]["LABEL_STUDIO_API_KEY"] == studio["environment"]["LABEL_STUDIO_USER_TOKEN"]
    secrets = [db["environment"]["POSTGRES_PASSWORD"], studio["environment"]["LABEL_STUDIO_PASSWORD"],
               studio["environment"]["LABEL_STUDIO_USER_TOKEN"]]
    assert len(set(secrets)) == 3 and all(re.fullmatch("[0-9a-f]{40}", one) for one in secrets)
    assert ours["command"].endswith(" tom") and ours["user"] == "1000:1000"
    assert {mount["source"] for mount in ours["volumes"]} == {str(tmp_path / "projects")}


def test_a_command_has_its_account_no_right_and_a_root_that_cannot_be_written():
    *before, script = command(["echo", "two words"], {"user": "7:8", "read_only": True, "tmpfs": ["/tmp"]}, "/projects")
    assert before == ["unshare", "--mount", "sh", "-c"]
    assert script.splitlines() == [
        "set -e", "mount -o bind,remount,ro /", "mount -o bind,remount,ro /opt/screentime",
        "mount -t tmpfs -o mode=1777 tmpfs /tmp", "cd /projects",
        "exec setpriv --reuid=7 --regid=8 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all echo 'two words'",
    ]
    assert "mount" not in command(["true"], {"user": "7:8"})[-1].split("setpriv")[0].replace("--mount", "")


def test_an_environment_is_the_services_alone(monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_URL", "http://elsewhere")
    made = bare({"A": "b"}, Path("/x/bin"))
    assert made == {"PATH": "/x/bin:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "A": "b"}


def test_the_script_says_what_it_does():
    said = subprocess.run([ROOT / "scripts" / "rehearse_compose", "--help"], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0 and "word for word" in said.stdout and "--inside" not in said.stdout
