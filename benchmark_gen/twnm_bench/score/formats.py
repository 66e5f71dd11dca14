"""Tables of a score as Markdown and as LaTeX."""

import re
from collections.abc import Callable, Sequence

from twnm_bench.score.tables import Row, Sheet

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "−": "$-$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}
_LATEX_SIGNS = re.compile("|".join(map(re.escape, _LATEX)))
_MARKDOWN_SIGNS = re.compile(r"[\\`*_|<>\[\]]")


def escape_latex(text: str) -> str:
    """The text as LaTeX shows it, in one line."""
    return _LATEX_SIGNS.sub(lambda sign: _LATEX[sign.group()], " ".join(text.split()))


def escape_markdown(text: str) -> str:
    """The text as Markdown shows it, in one line, within a table too."""
    return _MARKDOWN_SIGNS.sub(lambda sign: f"\\{sign.group()}", " ".join(text.split()))


def write_markdown(sheets: Sequence[Sheet]) -> str:
    """The tables under headings; areas are bold."""
    return "\n".join(_format_markdown(sheet) for sheet in sheets)


def _format_markdown(sheet: Sheet) -> str:
    lines = [f"## {escape_markdown(sheet.title)}", ""]
    lines.append(_join_markdown([escape_markdown(name) for name in sheet.columns]))
    lines.append(_join_markdown(["---", *("---:" for _ in sheet.columns[1:])]))
    lines += [_join_markdown(_mark_row(row, escape_markdown, "**{}**")) for row in sheet.rows]
    return "\n".join([*lines, "", *([escape_markdown(sheet.note), ""] if sheet.note else [])])


def _join_markdown(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write_latex(sheets: Sequence[Sheet]) -> str:
    """The tables as floats for a document that loads `booktabs`; areas are bold."""
    return "% needs \\usepackage{booktabs}\n" + "\n".join(_format_latex(sheet) for sheet in sheets)


def _format_latex(sheet: Sheet) -> str:
    caption = escape_latex(f"{sheet.title}. {sheet.note}".strip())
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{caption}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(sheet.columns) - 1)}}}",
        r"\toprule",
        _join_latex([escape_latex(name) for name in sheet.columns]),
    ]
    for place, row in enumerate(sheet.rows):
        if place == 0 or row.kind == "area":
            lines.append(r"\midrule")
        lines.append(_join_latex(_mark_row(row, escape_latex, r"\textbf{{{}}}", r"\quad ")))
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def _join_latex(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _mark_row(row: Row, escape: Callable[[str], str], bold: str, indent: str = "") -> list[str]:
    name = escape(row.name)
    if row.kind == "task":
        name = f"{indent}{name}"
    elif row.kind != "kind":
        name = bold.format(name)
    return [name, *map(escape, row.cells)]
