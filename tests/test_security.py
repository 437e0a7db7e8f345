"""A whole cycle with a known password and known tokens, watched from outside: they stand nowhere else, nothing
calls out, nothing listens for others, nothing is unpickled."""

from __future__ import annotations

import ast
import csv
import importlib.util
import io
import json
import re
import shutil
import stat
import time
from pathlib import Path

import httpx
import jwt
import pytest

from screentime.cells import FORMULA_STARTS
from screentime.labelstudio import server

_spec = importlib.util.spec_from_file_location("watched", Path(__file__).with_name("watched.py"))
watched = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(watched)
ROOT = Path(__file__).parents[1]
# The cycle counts for the first test; it hangs no sooner than that, however busy the machine is.
pytestmark = pytest.mark.timeout(900)
LOGS = {"server.log", "server.log.1"}
# The secret half of a bucket's key, which is in the commands' environment whether they need it or not.
BUCKET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
# As a stranger might name them: markup, a terminal's orders, a formula.
FILM = "=<img src=x onerror=alert(1)>\x1b[31m --> [red].mp4"
NAMES = {"cat": "<script>alert(2)</script>", "mouse": "-2+3"}


def personal_token(url, account):
    """A personal access token, made as a browser makes it."""
    with httpx.Client(base_url=url, trust_env=False) as line:
        line.get("/user/login/")
        form = {"email": account.username, "password": account.password, "csrfmiddlewaretoken": line.cookies["csrftoken"]}
        line.post("/user/login/", data=form)
        return line.post("/api/token/", headers={"X-CSRFToken": line.cookies["csrftoken"]}).json()["token"]


def attend(url, workspace, home):
    """See a service at its work, and ask it for what it answers with its password; its secrets."""
    from screentime.labelstudio.webhooks import HEADER, PATH, hint_secret
    from screentime.service.hub import SECRET_FILE

    deadline = time.monotonic() + 120
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as line:
        while True:
            try:
                if "screentime_last_look_timestamp_seconds{" in line.get("/metrics").text:
                    break
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, "it never looked"
            time.sleep(0.2)
        number, identity = workspace.progress().project, workspace.config().project.id
        service = (home / SECRET_FILE).read_text().strip()
        hint, body = hint_secret(service, identity), {"action": "START_TRAINING", "project": {"id": number}}
        said = [
            line.get("/"), line.get("/health"), line.post("/webhook", json=body, auth=("x", service)),
            line.post(f"{PATH}/{identity}", headers={HEADER: hint}), line.post(f"{PATH}/{identity}", headers={HEADER: service}),
            line.post("/webhook", json=body, auth=("x", hint)),
        ]
        while workspace.asked_file.exists():
            assert time.monotonic() < deadline, "the round that was asked for never ended"
            time.sleep(0.2)
        said += [line.get("/"), line.get("/health"), line.get("/metrics")]
    assert [one.status_code for one in said] == [200, 200, 201, 202, 403, 401, 200, 200, 200]
    secrets = {"service": service, "hint": hint}
    assert watched.leaks(secrets, [(str(one.url), one.content + repr(one.headers).encode()) for one in said]) == set()
    return secrets


@pytest.fixture(scope="module")
def cycle(make_home, cartoon, colour_backbone, tmp_path_factory):
    """All commands once, on a server of their own: the watch, the secrets and the folders."""
    from screentime.demo.annotator import Annotator, truth_of
    from screentime.labelstudio.link import open_link
    from screentime.rounds import Loop
    from screentime.talk import Talk
    from screentime.workspace import Workspace

    home, place = make_home(), tmp_path_factory.mktemp("cycle")
    watch = watched.Watch(tmp_path_factory.mktemp("watch"))
    account = server.credentials(home)
    given = server.environment
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCREENTIME_HOME", str(home))
        patch.setenv("TMPDIR", str(place))
        for name in ("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), patch.setenv("AWS_SECRET_ACCESS_KEY", BUCKET)
        # The server's environment is scrubbed: it is watched, and offered proxies, from outside.
        patch.setattr(server, "environment", lambda *where: given(*where) | watch.environment)
        with watched.socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        running = server.start(home, port=port)
        watch.roots.add(running.pid)
        root, at = place / "project", ("--workspace", place / "project")
        run = watch.run
        film = place / "films" / FILM
        film.parent.mkdir()
        shutil.copy(cartoon[0], film)
        run("server", "start", "--json")
        run("new", root, "--film", film, "--characters", ",".join(NAMES.values()), "--backbone", colour_backbone,
            "--view", "whole", "--first-batch", "24", "--audit-every", "3", "--epochs", "3")
        run("extract", *at), run("push", "--json", *at)
        workspace = Workspace(root)
        loop = Loop(workspace, workspace.config(), Talk())
        truth = truth_of(loop.frames, [frozenset(map(NAMES.get, who)) for who in cartoon[1]], film)
        annotator = Annotator(open_link(workspace.config()).client, loop.project(), loop.schema, truth)
        annotator.label(workspace.progress().tab, 24)
        run("sync", *at), run("status", "--json", *at), run("report", *at)
        run("export", "--format", "otio", "--out", place / "out.otio", *at)
        run("export", "--format", "csv", "--out", place / "exports", *at)
        run("predict", film, "--model", sorted((root / "models").glob("v*"))[0], "--csv", place / "out.csv")
        run("server", "status", "--json"), run("doctor", "--json", *at)
        with watched.socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        with watch.running("serve", root, "--port", port, end=True):
            serving = attend(f"http://127.0.0.1:{port}", workspace, home)
        finished = len(watch.said)

        personal, access = personal_token(running.url, account), jwt.encode({"exp": time.time() + 3600}, "k" * 32)
        secrets = {"password": account.password, "token": account.token, "personal": personal, "access": access, **serving}
        secrets["bucket"] = BUCKET
        run("pull", *at, LABEL_STUDIO_URL=running.url, LABEL_STUDIO_API_KEY=personal)
        run("pull", *at, LABEL_STUDIO_URL=running.url, LABEL_STUDIO_API_KEY=account.token[::-1])
        echo = watched.echo(access)
        for token, kinds in ((account.token, ("200", "400", "html", "away")), (personal, ("400", "renewal"))):
            for kind in kinds:
                url = f"http://127.0.0.1:{echo.server_port}/{kind}"
                run("pull", *at, LABEL_STUDIO_URL=url, LABEL_STUDIO_API_KEY=token, SCREENTIME_DEBUG="1" if kind == "400" else "")
        echo.shutdown(), echo.server_close()
        yield watch, secrets, home, place, running, finished
        server.stop(home)
        watch.close()


def test_every_command_did_its_work_or_failed_in_a_sentence(cycle):
    watch, *_, finished = cycle
    assert [one for one in watch.said[:finished] if one[1] and one[0][0] != "doctor"] == []
    assert [code for _, code, _, _ in watch.said[finished:]] == [0] + [1] * 7
    for _, _, _, talk in watch.said:
        assert "in a way that it should not" not in talk and "Traceback" not in talk
        # Names give a terminal no orders.
        assert "\x1b" not in talk


def test_secrets_stand_where_they_are_kept_and_nowhere_else(cycle):
    watch, secrets, home, place, _, _ = cycle
    kept = home / "labelstudio"
    private = [kept / "credentials.json", home / "hint-secret", *(path for path in (kept / "data").rglob("*") if path.is_file())]
    # Else the search below would not find what there is.
    assert {"token", "password", "service"} <= {one.split()[0] for one in watched.leaks(secrets, [(str(p), p.read_bytes()) for p in private])}
    said = [(f"what {' '.join(map(str, arguments))} said", (data + talk).encode()) for arguments, _, data, talk in watch.said]
    listed = [("the process list", "\n".join(watch.argvs).encode()), ("what was run", watch.notes.read_bytes())]
    files = [one for one in watched.files_of(home, place) if Path(one[0]) not in private]
    assert LOGS & {Path(name).name for name, _ in files} and any(name.endswith("report.html") for name, _ in files)
    assert watched.leaks(secrets, [*said, *listed, *files]) == set()


def test_what_keeps_secrets_is_for_its_owner_alone(cycle):
    _, _, home, place, _, _ = cycle
    kept = home / "labelstudio"
    for folder in (kept, kept / "data"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in (kept / "credentials.json", kept / "server.json", kept / "server.log", home / "hint-secret",
                 place / "project" / "screentime.toml"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_only_this_machine_reaches_what_listens(cycle):
    watch, *_ = cycle
    assert watch.listening == {"127.0.0.1"}
    bound = {told[0] for _, told in watch.events("socket.bind") if isinstance(told, list)}
    assert "127.0.0.1" in bound and bound <= {"127.0.0.1", "::1"}


def test_nothing_calls_out(cycle):
    watch, *_ = cycle
    assert watch.far == set() and watch.proxied == []
    called = [told for _, told in watch.events("socket.connect", "socket.sendto", "socket.getaddrinfo")]
    assert called
    assert [one for one in called if isinstance(one, list) and one[0] not in watched.HERE] == []


def test_the_pages_load_nothing_from_elsewhere(cycle, browser):
    _, _, home, place, running, _ = cycle
    account, asked, alerts = server.credentials(home), [], []
    page = browser.new_page()
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda line: asked.append(line.url))
    page.goto(f"{running.url}/user/login/")
    page.fill("input[name=email]", account.username), page.fill("input[name=password]", account.password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "login" not in address)
    progress = json.loads((place / "project" / "loop.json").read_text("utf-8"))
    project = f"{running.url}/projects/{progress['project']}"
    page.goto(progress["url"])
    page.wait_for_selector(f"text={NAMES['cat']}")
    for address in (f"{project}/data", f"{project}/settings", f"{project}/settings/labeling", f"{running.url}/user/account"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
    page.goto((place / "project" / "report.html").as_uri())
    assert page.title().startswith("=<img src=x onerror=alert(1)>\\x1b[31m")
    page.close()
    assert alerts == []
    asked = [one for one in asked if not one.startswith("file://")]
    assert any("/data/local-files/" in one for one in asked)
    assert {one for one in asked if not one.startswith((f"{running.url}/", "data:", "blob:"))} == set()
    assert watched.leaks({"password": account.password, "token": account.token}, [("addresses", "\n".join(asked).encode())]) == set()


def test_the_frames_are_served_and_nothing_else_of_the_project_or_the_server(cycle):
    _, secrets, home, place, running, _ = cycle
    project = json.loads((place / "project" / "loop.json").read_text("utf-8"))["project"]
    headers = {"Authorization": f"Token {secrets['token']}"}
    with httpx.Client(base_url=running.url, headers=headers, trust_env=False) as line:
        task = line.get("/api/tasks", params={"project": project, "fields": "all"}).json()["tasks"][0]
        assert line.get(task["data"]["image"]).headers["content-type"] == "image/jpeg"
        name = task["data"]["image"].split("?d=")[1].split("/")[0]
        kept = home / "labelstudio"
        for path in (
            f"{name}/../screentime.toml", f"{name}/../loop.json", f"{name}/%2e%2e/screentime.toml", f"{name}/..%2fscreentime.toml",
            "../credentials.json", "../data/.env", "../data/label_studio.sqlite3", "../server.log", str(kept / "credentials.json"),
            f"/{name}/../../credentials.json", "//etc/passwd", "/etc/passwd", "....//credentials.json", f"{name}\\..\\..\\credentials.json",
        ):
            answers = [line.get("/data/local-files/", params={"d": path}), line.get(f"/data/local-files/?d={path}")]
            answers += [line.get(f"/{part}/{path}") for part in ("static", "data", "data/upload")]
            for answer in answers:
                assert answer.status_code >= 400, (path, answer.url)
                assert not watched.leaks(secrets, [("the answer", answer.content)]) and b"root:" not in answer.content


def test_no_table_that_a_spreadsheet_opens_starts_a_formula(cycle):
    _, _, _, place, _, _ = cycle
    tables = [place / "out.csv", *place.rglob("exports/*.csv"), *place.rglob("project/**/*.csv")]
    assert {"out.csv", "appearances.csv", "totals.csv", "labels.csv", "frames.csv", "predictions.csv"} <= {one.name for one in tables}
    cells = {
        cell for table in tables for row in csv.reader(io.StringIO(table.read_text("utf-8"), newline="")) for cell in row
    }
    assert "'-2+3" in cells and f"'{FILM}" in cells
    numbers = re.compile(r"-?[0-9.]+(e-?[0-9]+)?")
    assert [one for one in cells if one.startswith(FORMULA_STARTS) and not numbers.fullmatch(one)] == []


def test_nothing_is_unpickled_run_in_a_shell_or_left_to_a_careless_parser():
    careless = {
        "eval", "exec", "os.system", "os.popen", "pickle.load", "pickle.loads", "joblib.load", "torch.load", "yaml.load",
        "marshal.load", "marshal.loads", "shelve.open", "pandas.read_pickle", "pd.read_pickle", "shutil.unpack_archive",
        "keras.models.load_model", "tf.keras.models.load_model",
    }
    found = []
    for path in [*ROOT.glob("screentime/**/*.py"), *ROOT.glob("labelstudio_config/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    names = [one.name for one in node.names] + [getattr(node, "module", None) or ""]
                    found += [(path.name, name) for name in names if name.split(".")[0] in ("pickle", "dill", "cloudpickle", "marshal", "shelve")]
                continue
            name = ast.unparse(node.func)
            flags = {one.arg: ast.unparse(one.value) for one in node.keywords}
            if name in careless or name.endswith((".extractall", ".extract_all")):
                found.append((path.name, name))
            if name in ("np.load", "numpy.load") and flags.get("allow_pickle") != "False":
                found.append((path.name, f"{name} without allow_pickle=False"))
            if flags.get("shell", "False") != "False" or flags.get("allow_pickle", "False") != "False":
                found.append((path.name, f"{name} {flags}"))
    assert found == []


def test_the_commands_unpickle_nothing_of_a_project_or_a_model(cycle):
    watch, *_ = cycle
    assert watch.events("pickle.find_class", "os.system") == []
