"""Run what docker-compose.yml runs as plain processes, and see that they find one another.

PostgreSQL, Label Studio and screentime run with the accounts, environment, paths, names, addresses, commands and
health checks of docker-compose.yml and the Dockerfile, word for word, with the variables of .env.example filled in. A
network and a view of the file system of their own (Linux namespaces) stand in for Docker's: nothing outside is
reached. What the images do themselves is left out: their entry points, limits of memory and processors, restarts. The
programs are this machine's, and the film and the label that is given to each frame are drawn.

It takes a few minutes, and needs Linux, the rights of root, PostgreSQL's programs, `ip`, `unshare` and `setpriv`.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSIDE = "--inside"
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")
LABELS, MORE = 12, 4
# The default backbone would have to be downloaded, and a long film labelled.
QUICK = ("--backbone", "builtin", "--view", "whole", "--first-batch", str(LABELS), "--every", str(MORE),
         "--audit-every", "3", "--target", "1")


def say(sentence: str) -> None:
    print(sentence, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="leave the folder with all logs")
    parser.add_argument(INSIDE, type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        return rehearse(chosen.inside)
    lacking = [name for name in ("unshare", "setpriv", "ip", "mount") if not shutil.which(name)]
    if os.geteuid() or lacking or programs() is None:
        say(f"This needs the rights of root and these programs: {', '.join(lacking) or 'PostgreSQL'}.")
        return 2
    scratch = Path(tempfile.mkdtemp(prefix="compose-", dir="/var/tmp"))
    scratch.chmod(0o755)
    try:
        again = [sys.executable, "-P", "-m", "scripts.composing", INSIDE, str(scratch)]
        return subprocess.run(["unshare", "--mount", "--net", *again], cwd=ROOT).returncode
    finally:
        if chosen.keep:
            say(f"All of it is in {scratch}.")
        else:
            shutil.rmtree(scratch)


def programs() -> Path | None:
    """Folder of PostgreSQL's programs."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/bin"), Path("/usr/local/bin")]
    return next((one for one in places if (one / "initdb").exists() and (one / "postgres").exists()), None)


def filled(scratch: Path) -> dict[str, object]:
    """docker-compose.yml with its variables filled in from .env.example, as a person would."""
    import secrets

    import yaml

    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    values = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    values |= {name: secrets.token_hex(20) for name in ("POSTGRES_PASSWORD", "LABEL_STUDIO_PASSWORD", "LABEL_STUDIO_API_KEY")}
    values |= {"SCREENTIME_FOLDER": str(scratch / "projects"), "SCREENTIME_PROJECTS": "tom"}

    def fill(part: object) -> object:
        if isinstance(part, dict):
            return {name: fill(value) for name, value in part.items()}
        if isinstance(part, list):
            return [fill(value) for value in part]
        return VARIABLE.sub(lambda found: values[found[1]], part) if isinstance(part, str) else part

    return fill(yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8")))


def rehearse(scratch: Path) -> int:
    """All of it, in namespaces of its own."""
    from scripts.composing.box import ADDRESSES, furnish

    services = filled(scratch)["services"]
    names = dict(ADDRESSES)
    for alias in services["screentime"]["networks"]["default"]["aliases"]:
        names[alias] = ADDRESSES["screentime"]
    folders = {name: scratch / name for name in ("projects", "label-studio", "database")}
    owners = {"projects": "screentime", "label-studio": "label-studio", "database": "db"}
    for name, folder in folders.items():
        folder.mkdir(mode=0o755)
        os.chown(folder, *(int(one) for one in services[owners[name]]["user"].split(":")))
    made = furnish(ROOT, folders["projects"], folders["label-studio"], scratch, names)
    try:
        with ExitStack() as stack:
            return _rehearse(services, scratch, folders, stack)
    finally:
        for folder in made:
            # What is mounted on it goes with the namespace; from outside it is empty.
            subprocess.run(["umount", folder], stderr=subprocess.DEVNULL)
            folder.rmdir()


def _rehearse(services: dict, scratch: Path, folders: dict[str, Path], stack: ExitStack) -> int:
    from scripts.composing.box import CODE, PROJECTS, bare, command

    db, studio, ours = services["db"], services["label-studio"], services["screentime"]
    postgres, venv, venv_server = programs(), (ROOT / ".venv").resolve(), (ROOT / ".venv-labelstudio").resolve()

    # -- PostgreSQL, as its image makes the database.
    given = db["environment"]
    data = folders["database"] / "data"
    secret = scratch / "password"
    secret.write_text(given["POSTGRES_PASSWORD"], "utf-8")
    secret.chmod(0o644)
    plain = bare({"HOME": "/tmp"}, postgres)
    subprocess.run(
        command(["initdb", "--pgdata", str(data), "--username", given["POSTGRES_USER"], "--pwfile", str(secret),
                 "--auth=scram-sha-256", "--locale=C.UTF-8"], db),
        env=plain, check=True, stdout=subprocess.DEVNULL,
    )
    secret.unlink()
    with (data / "pg_hba.conf").open("a", encoding="utf-8") as rules:
        rules.write("host all all all scram-sha-256\n")
    stack.enter_context(running("db", command(
        ["postgres", "-D", str(data), "-k", str(folders["database"]), "-c", "listen_addresses=*"], db), plain, scratch))
    healthy("db", db["healthcheck"], command(db["healthcheck"]["test"][1:], db), plain)
    subprocess.run(
        command(["createdb", "--host=127.0.0.1", f"--username={given['POSTGRES_USER']}", given["POSTGRES_DB"]], db),
        env=plain | {"PGPASSWORD": given["POSTGRES_PASSWORD"]}, check=True,
    )

    # -- Label Studio.
    around = bare({**studio["environment"], "HOME": "/label-studio/data"}, venv_server / "bin")
    stack.enter_context(running("label-studio", command(
        ["label-studio", "start", "--no-browser", "--internal-host", "0.0.0.0", "--port", "8080"], studio), around, scratch))
    check = studio["healthcheck"]
    healthy("label-studio", check, command(check["test"][1:], studio), around)

    # -- The image's words.
    image = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    fixed = dict(re.findall(r"(\w+)=(\S+)", re.search(r"^ENV (.+)$", image, re.MULTILINE)[1]))
    flags, check_words = re.search(r"^HEALTHCHECK (.+)CMD (\[.+\])$", image, re.MULTILINE).groups()
    image_check = {name.replace("-", "_"): value for name, value in re.findall(r"--([a-z-]+)=(\S+)", flags)}
    env = bare({**fixed, **ours["environment"], "PYTHONPATH": str(CODE)}, venv / "bin")
    asking = command(yaml_list(check_words), ours, ours["working_dir"])

    def run(words: list[str]) -> str:
        """As `docker compose run --rm screentime` does."""
        done = subprocess.run(
            command(words, ours, ours["working_dir"]), env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            raise SystemExit(f"{shlex.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        say(f"ok: {shlex.join(words)}")
        return done.stdout + done.stderr

    # -- The first time, as the header says.
    truth = film(folders["projects"] / "FILM.mp4")
    header = (ROOT / "docker-compose.yml").read_text("utf-8")
    new, extract, push, *asks = [
        shlex.split(words) for words in re.findall(r"^# .*\brun --rm screentime (screentime \S+(?: \S+)*)", header, re.MULTILINE)
    ]
    serve = command(shlex.split(ours["command"]), ours, ours["working_dir"])
    run([*new, *QUICK])
    run(extract)
    with running("screentime", serve, env, scratch) as early:
        # Before there is anything to serve it has to wait.
        healthy("screentime, before the push", image_check, asking, env)
        run(push)
        label(services, PROJECTS / "tom", truth, LABELS)
        told = until(lambda: metric("screentime_rounds_total") >= 1, "a round was made of the labels", early)
        if not metric("screentime_hints_total"):
            raise SystemExit("Label Studio gave no hint.")
        say(f"ok: a round was made {told:.0f} s after the labels, which Label Studio had hinted at")
        healthy("screentime", image_check, asking, env)
        picture(services, PROJECTS / "tom")
        ended(early, ours["stop_grace_period"])
    with running("screentime", serve, env, scratch) as again:
        label(services, PROJECTS / "tom", truth, MORE)
        until(lambda: metric("screentime_rounds_total") >= 1, "another round was made", again)
        say("ok: started again, it made the next round")
        ended(again, ours["stop_grace_period"])
    said = "".join(run(words) for words in asks if "doctor" not in words)
    public = ours["environment"]["LABEL_STUDIO_PUBLIC_URL"]
    if f"{public}/projects/" not in said or "label-studio:8080" in said:
        raise SystemExit(f"People are told another address than {public}: {said}")
    say(f"ok: people are told {public}")
    say(run(asks[-1]))
    say("All of it ran.")
    return 0


def yaml_list(text: str) -> list[str]:
    import yaml

    return yaml.safe_load(text)


@contextmanager
def running(name: str, words: list[str], env: dict[str, str], scratch: Path) -> Iterator[subprocess.Popen]:
    """A process that is ended at the end, with a log of its own."""
    with (scratch / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(words, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def healthy(name: str, check: dict, words: list[str], env: dict[str, str]) -> None:
    """Ask as Docker does, until it is well or would be called ill."""
    began, failures = time.monotonic(), 0
    start, every = seconds(check["start_period"]), seconds(check["interval"])
    while True:
        asked = subprocess.run(words, env=env, capture_output=True, text=True, timeout=seconds(check["timeout"]))
        took = time.monotonic() - began
        if not asked.returncode:
            say(f"ok: {name} is healthy after {took:.0f} s")
            return
        failures += took > start
        if failures >= int(check["retries"]):
            raise SystemExit(f"{name} is unhealthy:\n{asked.stdout}{asked.stderr}")
        # More often than Docker, which starts with a second as well while the start lasts.
        time.sleep(min(every, 2))


def seconds(text: str) -> float:
    return float(str(text).removesuffix("s"))


def film(file: Path) -> list[frozenset[str]]:
    """Draw a film; who is on screen in each second of it."""
    from screentime.demo.cast import CHARACTERS
    from screentime.demo.film import draw_film

    rows = draw_film(file, seconds=40, seed=5, size=(320, 180))
    named = dict(zip(CHARACTERS, ("Tom", "Jerry")))
    return [frozenset(named[name] for name, on in zip(CHARACTERS, row) if on) for row in rows]


def label(services: dict, folder: Path, truth: list[frozenset[str]], how_many: int) -> None:
    """Label as a person would."""
    from screentime.demo.annotator import Annotator, truth_of
    from screentime.labelstudio.client import connect
    from screentime.labelstudio.project import reference
    from screentime.workspace import Workspace

    env = services["screentime"]["environment"]
    workspace = Workspace(folder)
    progress, client = workspace.progress(), connect(env["LABEL_STUDIO_URL"], env["LABEL_STUDIO_API_KEY"])
    known = truth_of(workspace.frames(), truth, folder.parent / "FILM.mp4")
    Annotator(client, reference(client, progress.project), workspace.schema(), known).label(progress.tab, how_many)


def picture(services: dict, folder: Path) -> None:
    """Have Label Studio show a frame, which lies in a folder of another account's."""
    import httpx

    from screentime.workspace import Workspace

    env = services["screentime"]["environment"]
    headers = {"Authorization": f"Token {env['LABEL_STUDIO_API_KEY']}"}
    number = next(iter(Workspace(folder).progress().tasks.values()))
    with httpx.Client(base_url=env["LABEL_STUDIO_URL"], headers=headers) as line:
        address = line.get(f"/api/tasks/{number}/").raise_for_status().json()["data"]["image"]
        shown = line.get(address).raise_for_status()
    if not shown.content.startswith(b"\xff\xd8"):
        raise SystemExit(f"{address} is no picture.")
    say(f"ok: Label Studio shows {address}")


def metric(name: str) -> float:
    """The sum of one of the service's figures; 0 while it does not answer."""
    import httpx

    try:
        text = httpx.get("http://screentime:9090/metrics").text
    except httpx.HTTPError:
        return 0.0
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(rf"{name}\b", line))


def until(wanted, what: str, process: subprocess.Popen, longest: float = 300) -> float:
    began = time.monotonic()
    while not wanted():
        if process.poll() is not None or time.monotonic() - began > longest:
            raise SystemExit(f"Not seen: {what}.")
        time.sleep(0.5)
    return time.monotonic() - began


def ended(process: subprocess.Popen, grace: str) -> None:
    """Stop it as `docker compose stop` does."""
    began = time.monotonic()
    process.terminate()
    code = process.wait(seconds(grace))
    say(f"ok: SIGTERM ended screentime with {code} after {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
