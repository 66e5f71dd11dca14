"""README and docs are run: every Python block, every `twnm-` command, and what they say of options and make targets.

A page's blocks run in order in one temporary folder and one namespace. A `render` command runs with small numbers, once
a session for equal settings; its folder is then copied to where the page wants it. What writes elsewhere (`--out`) runs
on every page, with small numbers too. Other commands, which only look at a library, run once a session (`check` hears
one room). A block is left out only by a comment on the line before it: `<!-- not run: reason -->`.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BIN = Path(sys.executable).parent
SHELLS = ("bash", "sh")
MOST = {  # what a page may ask of a command here; where it asks for more, or does not say, it is this much
    "render": {"--rooms": 8, "--sources-per-room": 6, "--workers": 2},
    "compose": {"--n": 12, "--workers": 1},
    "rebuild": {"--workers": 1},
    "check": {"--rooms": 1, "--workers": 1},
    "generate": {"--n": 40, "--workers": 2},
}
HELD_OUT = {"--rooms": 24, "--sources-per-room": 20, "--workers": 2}  # rooms of one split, to ask questions in
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
LEFT_OUT = re.compile(r"<!-- not run: \S.* -->\n *\Z")
OPTION = re.compile(r"--[a-z][a-z-]*")


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    code: str
    line: int
    left_out: bool


def read_blocks(text: str) -> list[Block]:
    return [
        Block(
            match["language"],
            re.sub(rf"^{match['indent']}", "", match["code"], flags=re.MULTILINE),
            text.count("\n", 0, match.start()) + 2,
            LEFT_OUT.search(text[: match.start()]) is not None,
        )
        for match in FENCE.finditer(text)
    ]


def read_commands(block: Block) -> Iterator[list[str]]:
    """The command lines of a shell block, split into words; comments and empty lines are none."""
    for line in block.code.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield words


def shrink(words: list[str]) -> list[str]:
    """A command with numbers that are no larger than `MOST` says."""
    most = MOST.get(words[1], {}) if len(words) > 1 else {}
    if words[1:2] == ["render"] and "--split" in words:
        most = HELD_OUT
    given = {w: int(after) for w, after in pairwise(words) if w in most}
    kept = [w for w, before in zip(words, ["", *words], strict=False) if w not in most and before not in most]
    return kept + [word for name, number in most.items() for word in (name, str(min(number, given.get(name, number))))]


def split_out(words: list[str]) -> tuple[list[str], str]:
    """A render command without its --out, and the folder that --out names."""
    if "--out" not in words:
        return words, "data"
    at = words.index("--out")
    return words[:at] + words[at + 2 :], words[at + 1]


def run_program(words: list[str], folder: Path) -> str:
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "120"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout


class Programs:
    """Runs the commands of the pages, each once a session for equal words and spec files."""

    def __init__(self, kept: Path) -> None:
        self.kept = kept
        self.rendered: dict[tuple[str, ...], Path] = {}
        self.looked: set[tuple[str, ...]] = set()

    def render(self, words: list[str], folder: Path) -> None:
        settings, out = split_out(shrink(words))
        specs = [Path(folder, word).read_text() for word in settings if word.endswith(".json")]
        key = (*settings, *specs)
        if key in self.rendered:
            shutil.copytree(self.rendered[key], folder / out, dirs_exist_ok=True)
            return
        run_program([*settings, "--out", out], folder)
        self.rendered[key] = self.kept / str(len(self.rendered))
        shutil.copytree(folder / out, self.rendered[key])

    def look(self, words: list[str], folder: Path) -> None:
        if tuple(words) not in self.looked:
            run_program(shrink(words), folder)
            self.looked.add(tuple(words))


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return Programs(tmp_path_factory.mktemp("libraries"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to follow a page in, with a head of one's own for those that ask for one."""
    from twnm_sim.hrtf.catalog import packaged_kemar

    shutil.copy(packaged_kemar(), tmp_path / "my_head.sofa")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    return tmp_path


def run_shell(block: Block, folder: Path, programs: Programs) -> None:
    for words in read_commands(block):
        if ">" in words:
            at = words.index(">")
            Path(folder, words[at + 1]).write_text(run_program(words[:at], folder))
        elif words[:2] == ["twnm-sim", "render"]:
            programs.render(words, folder)
        elif words[0].startswith("twnm-") and "--out" in words:
            run_program(shrink(words), folder)
        elif words[0].startswith("twnm-"):
            programs.look(words, folder)


def prepare_library(blocks: list[Block], folder: Path, programs: Programs) -> None:
    """A page that reads `lib` without rendering it finds it as the tutorial makes it."""
    text = "".join(block.code for block in blocks)
    if re.search(r"\blib\b", text) and "--out lib" not in text:
        programs.render(["twnm-sim", "render", "--out", "lib"], folder)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_runs_as_it_is_written(page: Path, folder: Path, programs: Programs) -> None:
    blocks = [block for block in read_blocks(page.read_text("utf-8")) if not block.left_out]
    prepare_library(blocks, folder, programs)
    names: dict[str, object] = {"__name__": "__snippet__"}
    for block in blocks:
        if block.language in SHELLS:
            run_shell(block, folder, programs)
        elif block.language == "python":
            code = compile("\n" * (block.line - 1) + block.code, str(page), "exec")  # tracebacks name the page's line
            exec(code, names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_shell_block_is_run_or_says_why_not(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for block in read_blocks(page.read_text("utf-8")):
        if block.language not in SHELLS or block.left_out:
            continue
        for words in read_commands(block):
            known = words[0].startswith("twnm-") or words == [".", ".venv/bin/activate"]
            assert known or (words[0] == "make" and words[1] in targets), f"{page}:{block.line}: {shlex.join(words)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_make_targets_that_a_page_names_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", page.read_text("utf-8")))
    assert named <= targets


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_of_a_page_that_the_site_does_not_build_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", (ROOT / page).read_text("utf-8"))
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def describe_commands() -> dict[str, set[str]]:
    """Every command with its long options, from the programs themselves."""
    from typer.main import get_command

    from twnm_bench.cli.app import app as bench
    from twnm_shards.cli import app as shards
    from twnm_sim.cli.app import app as simulator

    found = {}
    for program, app in (("twnm-sim", simulator), ("twnm-bench", bench), ("twnm-shards", shards)):
        found |= describe_group(program, get_command(app))
    return found


def describe_group(path: str, group: object) -> dict[str, set[str]]:
    """The commands below a group, and below its groups."""
    found = {}
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            found |= describe_group(f"{path} {name}", command)
            continue
        options = {o for p in command.params for o in [*p.opts, *p.secondary_opts] if o.startswith("--")}
        found[f"{path} {name}"] = options - {"--help"}
    return found


def test_the_command_line_page_names_every_command_and_option() -> None:
    text = (ROOT / "docs" / "cli.md").read_text("utf-8")
    sections = dict(re.findall(r"^## (twnm-[^\n]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    told = {}
    for name, section in sections.items():
        cells = re.findall(r"^\| (`--[^|]*) \|", section, re.MULTILINE)
        told[name] = {option for cell in cells for option in OPTION.findall(cell)}
    assert told == describe_commands()


def test_the_command_line_page_tells_the_defaults_of_render() -> None:
    from typer.main import get_command

    from twnm_sim.cli.app import app

    text = (ROOT / "docs" / "cli.md").read_text("utf-8")
    section = text.split("## twnm-sim render\n")[1].split("\n## ")[0]
    told = dict(re.findall(r"^\| `(--[a-z-]+)`[^|]* \| ([^|]*) \|", section, re.MULTILINE))
    for parameter in get_command(app).commands["render"].params:  # type: ignore[attr-defined]
        default = parameter.default
        if isinstance(default, bool) or default is None or callable(default):
            continue
        value = str(getattr(default, "value", default))
        assert told[parameter.opts[0]].strip("` ") in {value, value.removesuffix(".0")}, parameter.opts[0]


def test_blocks_are_found_with_their_lines_and_reasons() -> None:
    python, left_out = "```python\nx = 1\n```\n", "<!-- not run: offline -->\n```sh\ncurl x\n```\n"
    text = f"a\n\n{python}\n{left_out}\n- b\n\n  ```bash\n  ls\n  ```\n"
    blocks = read_blocks(text)
    assert [(b.language, b.code, b.line, b.left_out) for b in blocks] == [
        ("python", "x = 1\n", 4, False),
        ("sh", "curl x\n", 9, True),
        ("bash", "ls\n", 15, False),
    ]


def test_a_command_is_shrunk_and_nothing_else_of_it_changes() -> None:
    words = shlex.split("twnm-sim render --rooms 10000 --tail images --sources-per-room 5 --out x")
    settings, out = split_out(shrink(words))
    assert out == "x"
    assert settings == shlex.split("twnm-sim render --tail images --rooms 8 --sources-per-room 5 --workers 2")
    assert shrink(["twnm-sim", "spec"]) == ["twnm-sim", "spec"]
    assert shrink(["twnm-sim", "check", "lib"]) == shlex.split("twnm-sim check lib --rooms 1 --workers 1")
