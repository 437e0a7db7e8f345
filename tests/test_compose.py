"""docker-compose.yml and its Dockerfile, as far as they can be judged without Docker."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest
import typer
import yaml
from typer.exceptions import TyperException

from screentime.cli import app
from screentime.labelstudio import installation
from screentime.labelstudio.link import TOKEN_VARIABLE, URL_VARIABLE

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
DATABASE, SERVER, LOOP = (SERVICES[name] for name in ("db", "label-studio", "loop"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
# ${NAME}, ${NAME:-default} or ${NAME:?sentence}
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")
SECRETS = {"POSTGRES_PASSWORD", "LABEL_STUDIO_PASSWORD", "LABEL_STUDIO_API_KEY"}
# What the postgres image makes the database from.
POSTGRES_IMAGE = {"POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"}


def example() -> dict[str, str]:
    """What .env.example sets, by name."""
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def texts(value: object) -> list[str]:
    """All texts within a part of the file."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [str(value)]


def default(text: str) -> str:
    """The text with every variable at its default; fails where one has none."""
    return VARIABLE.sub(lambda found: found[3] if found[2] == "-" else pytest.fail(f"{found[0]} has no default"), text)


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, with continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(" ", 1)) for line in lines]


def bind(service: dict) -> dict:
    """The service's only mounted folder of this machine."""
    (mount,) = [one for one in service["volumes"] if isinstance(one, dict)]
    return mount


# -- variables and secrets ------------------------------------------------------------------------


def test_the_variables_are_those_of_env_example():
    # Compose would replace a bare $NAME too, which the pattern above does not see.
    assert "$" not in VARIABLE.sub("", TEXT)
    assert {found[1] for text in texts(COMPOSE) for found in VARIABLE.finditer(text)} == set(example())


def test_a_variable_has_a_default_or_says_what_is_missing():
    named = example()
    for name, how, words in VARIABLE.findall(TEXT):
        assert how in {"-", "?"} and words, f"{name} has neither a default nor a sentence"
        if how == "-":
            assert named[name] == words, f"{name} has another default in .env.example"
        else:
            assert named[name] == "", f"{name} has a value in .env.example"
            assert ".env" in words


def test_each_variable_is_explained():
    blocks = (ROOT / ".env.example").read_text("utf-8").split("\n\n")
    for name in example():
        (block,) = [block for block in blocks if re.search(rf"^{name}=", block, re.MULTILINE)]
        assert block.startswith("# "), name
        if name in SECRETS:
            before = block[: re.search(rf"^{name}=", block, re.MULTILINE).start()]
            assert "openssl rand -hex 20" in before.splitlines()[-1], f"nothing says how to make {name}"


def test_no_secret_is_written_down():
    for service in SERVICES.values():
        for name, value in service["environment"].items():
            if re.search(r"PASSWORD|TOKEN|API_KEY|SECRET", name) and name != "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN":
                found = VARIABLE.fullmatch(value)
                assert found and found[1] in SECRETS and found[2] == "?", f"{name} does not come from .env alone"
    for text in (TEXT, DOCKERFILE, (ROOT / ".env.example").read_text("utf-8")):
        assert not re.search(r"[0-9a-fA-F]{20,}", text)
    assert not [words for kind, words in instructions() if kind in {"ARG", "ENV"} and re.search("PASSWORD|TOKEN|KEY", words)]
    assert "env_file" not in TEXT


def test_both_sides_of_each_secret_are_the_same():
    password = DATABASE["environment"]["POSTGRES_PASSWORD"]
    assert SERVER["environment"]["POSTGRE_PASSWORD"] == password
    assert SERVER["environment"]["LABEL_STUDIO_USER_TOKEN"] == LOOP["environment"][TOKEN_VARIABLE]
    assert SERVER["environment"]["LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN"] == "true"


# -- images and files -----------------------------------------------------------------------------


def test_images_are_pinned():
    (base,) = [words for kind, words in instructions() if kind == "FROM"]
    images = [service["image"] for service in SERVICES.values() if "image" in service]
    for image in [*images, base]:
        assert re.fullmatch(r"[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z0-9-]+)?", image), f"{image} is not pinned to a version"
    pinned = (ROOT / "scripts" / "requirements-labelstudio.txt").read_text("utf-8")
    version = re.search(r"^label-studio==(\S+)$", pinned, re.MULTILINE)[1]
    assert SERVER["image"] == f"heartexlabs/label-studio:{version}"
    assert DATABASE["image"].startswith("postgres:15.")
    assert base.startswith("python:3.11.") and "-slim" in base
    assert [name for name, service in SERVICES.items() if "image" not in service] == ["loop"]


def test_what_is_built_and_copied_exists_and_is_let_in():
    context = ROOT / LOOP["build"]
    assert (context / "Dockerfile").is_file()
    copied = [source for kind, words in instructions() if kind == "COPY" for source in words.split()[:-1]]
    assert {"scripts/requirements-screentime.txt", "pyproject.toml", "screentime", "labelstudio_config"} <= set(copied)
    for source in copied:
        assert (context / source).exists(), source
        assert not ignored(source), f".dockerignore keeps {source} out"
    assert not ignored("labelstudio_config/frames_multi.xml")
    assert not ignored("screentime/model/builtin/saved_model.pb")
    # What the package's build reads lies among what is copied.
    readme = re.search(r'^readme = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)[1]
    assert readme in copied


def test_pinned_requirements_are_what_is_installed():
    runs = [words for kind, words in instructions() if kind == "RUN"]
    named = [name for words in runs for name in re.findall(r"-r (\S+)", words)]
    assert named == ["scripts/requirements-screentime.txt"]
    lines = (ROOT / named[0]).read_text("utf-8").splitlines()
    assert lines and all(re.match(r"[A-Za-z0-9._-]+==[^\s;]+( ;.*)?$", line) for line in lines)
    (package,) = [words for words in runs if re.search(r"pip install .*\.(\s|$)", words) and "-r " not in words]
    # Everything comes from the pinned list, the package's own build included.
    assert "--no-deps" in package and "--no-build-isolation" in package
    assert any(line.startswith("setuptools==") for line in lines)


@pytest.mark.parametrize(
    "path", [".env", ".env.old", ".git/config", ".venv/bin/python", ".venv-labelstudio/x", "screentime-demo/drawn/loop.json",
             "tests/conftest.py", "scripts/setup", "screentime/__pycache__/cli.cpython-311.pyc", "film.mp4"],
)
def test_the_image_gets_nothing_else(path):
    assert ignored(path)


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out: the last pattern that meets it, or a folder of it, says."""
    kept_out = False
    parts = path.split("/")
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!").split("/")
        if meets(parts, pattern):
            kept_out = not line.startswith("!")
    return kept_out


def meets(parts: list[str], pattern: list[str]) -> bool:
    """Whether a pattern is met by a path or by one of the folders that it lies in."""
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(meets(parts[start:], pattern[1:]) for start in range(len(parts)))
    return bool(parts) and fnmatch(parts[0], pattern[0]) and meets(parts[1:], pattern[1:])


# -- commands -------------------------------------------------------------------------------------


def parse(arguments: list[str]) -> None:
    """Have the command line read arguments, and run nothing."""
    command = typer.main.get_command(app)
    while hasattr(command, "commands"):
        assert arguments and arguments[0] in command.commands, f"screentime has no command {arguments[:1]}"
        command, arguments = command.commands[arguments[0]], arguments[1:]
    command.make_context(command.name, list(arguments))


def steps() -> list[str]:
    """Commands of screentime that are run in the loop's container, in the order they are told."""
    return re.findall(r"^# .*\brun --rm loop screentime (\S+(?: \S+)*)", TEXT, re.MULTILINE)


def mentioned() -> list[str]:
    """Commands of screentime that comments speak of besides."""
    files = ("docker-compose.yml", "Dockerfile", ".env.example")
    return [words for name in files for words in re.findall(r"`screentime ([^`]+)`", (ROOT / name).read_text("utf-8"))]


def test_the_loop_runs_a_command_that_there_is():
    assert LOOP["command"][:3] == ["screentime", "sync", "--watch"]
    parse(LOOP["command"][1:])
    (built,) = [words for kind, words in instructions() if kind == "CMD"]
    assert yaml.safe_load(built) == LOOP["command"]
    # An entry point would put itself before what `docker compose run` names.
    assert "ENTRYPOINT" not in DOCKERFILE and "entrypoint" not in LOOP


def test_commands_in_comments_are_commands_that_there_are():
    assert len(steps()) == TEXT.count("loop screentime ") and mentioned()
    for command in [*steps(), *mentioned()]:
        parse(shlex.split(command))


@pytest.mark.parametrize("wrong", ["sink", "sync --wacht", "server", "new /workspace --film", "extract --fps many"])
def test_a_command_that_there_is_not_is_noticed(wrong):
    with pytest.raises((AssertionError, TyperException)):
        parse(wrong.split())


def test_the_order_of_the_first_time_is_told():
    assert [words.split()[0] for words in steps()][:3] == ["new", "extract", "push"]
    assert TEXT.index("loop screentime push") < TEXT.index("docker compose up -d loop")
    # So that a plain `up` does not start what would refuse for want of a push.
    assert LOOP["profiles"] == ["loop"]
    assert "profiles" not in DATABASE and "profiles" not in SERVER


# -- environment ----------------------------------------------------------------------------------


def test_the_server_gets_what_the_embedded_one_gets(tmp_path):
    ours = installation.environment(tmp_path, tmp_path / "data")
    theirs = SERVER["environment"]
    # Whose account, which folders, and whom webhooks may reach differ; nothing else may.
    differ = {"LABEL_STUDIO_BASE_DATA_DIR", "LABEL_STUDIO_USERNAME", "LABEL_STUDIO_PASSWORD", "LABEL_STUDIO_USER_TOKEN",
              "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT", "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS",
              "LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS"}
    same = {name: value for name, value in ours.items() if name.startswith("LABEL_STUDIO_") and name not in differ}
    assert len(same) >= 6
    assert {name: theirs.get(name) for name in same} == same
    assert default(theirs["LABEL_STUDIO_USERNAME"]) == ours["LABEL_STUDIO_USERNAME"]
    unknown = {name for name in theirs if name.startswith("LABEL_STUDIO_")} - set(ours)
    assert not unknown, f"{unknown} are names that installation.py does not use"


def test_the_installed_server_reads_these_names():
    server = ROOT / ".venv-labelstudio"
    folders = [*server.glob("lib/python3.*/site-packages/label_studio")]
    if not folders:
        pytest.skip("no .venv-labelstudio beside the project: scripts/setup makes it")
    source = "\n".join(
        file.read_text("utf-8")
        for place in ("core/settings", "core/utils", "core")
        for file in sorted((folders[0] / place).glob("*.py"))
    ) + (folders[0] / "server.py").read_text("utf-8")
    read = set(re.findall(r"""(?:get_env|get_bool_env|get_env_list|has_env|environ\.get|getenv)\(\s*['"]([A-Z0-9_]+)['"]""", source))
    for name in SERVER["environment"]:
        assert {name, name.removeprefix("LABEL_STUDIO_")} & read, f"Label Studio reads no {name}"


def test_the_server_uses_the_database():
    env, made = SERVER["environment"], DATABASE["environment"]
    assert set(made) == POSTGRES_IMAGE
    assert env["DJANGO_DB"] == "default"
    assert (env["POSTGRE_NAME"], env["POSTGRE_USER"]) == (made["POSTGRES_DB"], made["POSTGRES_USER"])
    assert SERVICES[env["POSTGRE_HOST"]] is DATABASE and env["POSTGRE_PORT"] == "5432"


def test_the_loop_speaks_to_the_server_by_its_service_name():
    found = re.fullmatch(r"http://([a-z-]+):(\d+)", LOOP["environment"][URL_VARIABLE])
    assert SERVICES[found[1]] is SERVER
    assert SERVER["ports"][0].endswith(f":{found[2]}")
    # Names that screentime does not read would do nothing.
    source = "\n".join(file.read_text("utf-8") for file in (ROOT / "screentime").rglob("*.py"))
    for name in LOOP["environment"]:
        assert f'"{name}"' in source, f"screentime reads no {name}"


def test_both_know_the_frames_by_the_same_path():
    seen, written = bind(SERVER), bind(LOOP)
    assert seen["source"] == written["source"] and seen["target"] == written["target"] == "/workspace"
    assert seen["read_only"] is True and not written.get("read_only")
    # Docker would make a missing folder as root, where the loop may not write.
    assert not seen["bind"]["create_host_path"] and not written["bind"]["create_host_path"]
    root = SERVER["environment"]["LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT"]
    workspace = LOOP["command"][LOOP["command"].index("--workspace") + 1]
    new = shlex.split(steps()[0])
    assert new[1] == workspace == root == new[new.index("--document-root") + 1] == LOOP["working_dir"]
    assert new[new.index("--store") + 1] == "local"
    # The frames lie in a folder of the document root, as link.py and the server want it.
    assert Path(workspace, "frames").is_relative_to(root) and Path(workspace, "frames") != Path(root)
    assert Path(new[new.index("--film") + 1]).is_relative_to(written["target"])


# -- running --------------------------------------------------------------------------------------


def test_each_service_has_a_health_check():
    for name, service in SERVICES.items():
        check = service["healthcheck"]
        assert check["test"][0] == "CMD", name
        assert {"interval", "timeout", "retries", "start_period"} <= set(check), name
    assert DATABASE["healthcheck"]["test"][1] == "pg_isready"
    assert f"--username={DATABASE['environment']['POSTGRES_USER']}" in DATABASE["healthcheck"]["test"]
    assert "/health" in SERVER["healthcheck"]["test"][-1]
    assert URL_VARIABLE in LOOP["healthcheck"]["test"][-1] and TOKEN_VARIABLE in LOOP["healthcheck"]["test"][-1]
    for service in (SERVER, LOOP):
        assert service["healthcheck"]["test"][2] == "-c"
        ast.parse(service["healthcheck"]["test"][3])


def test_each_waits_for_the_one_before():
    assert "depends_on" not in DATABASE
    assert SERVER["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert LOOP["depends_on"] == {"label-studio": {"condition": "service_healthy"}}


def test_nothing_is_open_to_other_machines():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"label-studio"}
    for port in published["label-studio"]:
        assert re.fullmatch(r"127\.0\.0\.1:\d+:8080", default(port))
    assert not any("network_mode" in service or "privileged" in service for service in SERVICES.values())
    assert "docker.sock" not in TEXT


def test_data_outlives_the_containers():
    named = {volume.split(":")[0]: volume.split(":")[1] for service in SERVICES.values()
             for volume in service["volumes"] if isinstance(volume, str)}
    assert named == {"database": "/var/lib/postgresql/data", "label-studio": "/label-studio/data"}
    assert set(named) == set(COMPOSE["volumes"])
    assert named["label-studio"] == SERVER["environment"]["LABEL_STUDIO_BASE_DATA_DIR"]


def test_each_is_restarted_and_limited():
    # Ended by the target, the loop shall stay ended; ended by a failure, it shall try again.
    assert [service["restart"] for service in SERVICES.values()] == ["unless-stopped", "unless-stopped", "on-failure"]
    for name, service in SERVICES.items():
        assert re.fullmatch(r"[1-9]\d*[mg]", default(service["mem_limit"])), name


def test_the_loop_is_not_root():
    users = [words for kind, words in instructions() if kind == "USER"]
    assert users, "the Dockerfile names no user, so it is root"
    for user in [users[-1], default(LOOP["user"])]:
        number, group = user.split(":")
        assert int(number) > 0 and int(group) > 0
    # Nothing runs as another after that.
    after = instructions()[[kind for kind, _ in instructions()].index("USER") + 1 :]
    assert {kind for kind, _ in after} <= {"WORKDIR", "CMD"}
    assert LOOP["cap_drop"] == ["ALL"]


# -- Docker itself --------------------------------------------------------------------------------


def test_docker_compose_reads_it(tmp_path):
    if not shutil.which("docker"):
        pytest.skip("docker is not installed")
    version = subprocess.run(["docker", "compose", "version"], capture_output=True, text=True, timeout=60)
    if version.returncode:
        pytest.skip("this docker has no compose plugin")
    filled = {**example(), **dict.fromkeys(SECRETS, "0123456789" * 4), "SCREENTIME_WORKSPACE": str(tmp_path)}
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in filled.items()), "utf-8")
    bare = {name: value for name, value in os.environ.items() if name not in filled}

    def config(env: Path) -> subprocess.CompletedProcess:
        command = ["docker", "compose", "--file", str(ROOT / "docker-compose.yml"), "--env-file", str(env),
                   "--profile", "loop", "config", "--quiet"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=bare)

    read = config(tmp_path / ".env")
    assert read.returncode == 0, read.stderr
    refused = config(ROOT / ".env.example")
    assert refused.returncode != 0 and ".env" in refused.stderr
