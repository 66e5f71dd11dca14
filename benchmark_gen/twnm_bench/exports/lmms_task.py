"""A task folder for lmms-eval: what `lmms_eval --include_path DIR --tasks twnm_listening` finds.

The format is that of lmms-eval 0.7.3: a YAML file whose `!function` names point into `utils.py` beside it, rows from
Parquet files named relative to the YAML (`dataset_kwargs.data_files`), one entry of `metric_list` for each name that
`process_results` gives. Items are dictionaries with `score` and the `cluster_key`, from which lmms-eval computes
standard errors that respect the scenes.
"""

from pathlib import Path

from twnm_bench.exports.grammar_file import write_grammar, write_template
from twnm_bench.exports.huggingface import Show, write_dataset
from twnm_bench.run.wording import read_prompt
from twnm_bench.sounds import Sounds
from twnm_schemas.questions import AREAS, TASKS, Question
from twnm_shards.files import write_bytes

TASK_NAME = "twnm_listening"
ROWS_NAME = "rows"
_MODELS_OF_FRAMES = ("gemini", "gemini_api")  # they hand the array to libsndfile, which takes (T, 2)


def write_lmms_task(questions: list[Question], sounds: Sounds, folder: Path, split: str, show: Show) -> None:
    """Write the task and its rows below `folder`. Raises StoreError for audio that is not there."""
    files = write_dataset(questions, sounds, folder / ROWS_NAME, split, show)
    write_grammar(folder)
    write_template("listen_lmms.py", folder / "utils.py")
    write_bytes(folder / "prompt.j2", read_prompt().source.encode())
    config = _write_config(questions, [f"{ROWS_NAME}/{name}" for name in files], split)
    write_bytes(folder / f"{TASK_NAME}.yaml", config.encode())


def list_metrics(questions: list[Question]) -> list[str]:
    """Every name that a reply to one of these questions can count under, in the order of the tasks."""
    areas, tasks = {q.area for q in questions}, {q.task for q in questions}
    by_area = [f"area_{area}" for area in AREAS if area in areas]
    return ["accuracy", *by_area, *(f"task_{task}" for task in TASKS if task in tasks), "unparsed"]


def _write_config(questions: list[Question], files: list[str], split: str) -> str:
    data_files = "".join(f"      - {name}\n" for name in files)
    layouts = "".join(f"  {model}:\n    layout: channels_last\n" for model in _MODELS_OF_FRAMES)
    metrics = "".join(map(_write_metric, list_metrics(questions)))
    return f"""task: {TASK_NAME}
dataset_path: parquet
dataset_kwargs:
  data_files:
    {split}:
{data_files}test_split: {split}
output_type: generate_until
process_docs: !function utils.keep_encoded
doc_to_visual: !function utils.doc_to_visual
doc_to_text: !function utils.doc_to_text
doc_to_target: !function utils.doc_to_target
process_results: !function utils.process_results
lmms_eval_specific_kwargs:
  default:
    layout: channels_first
    think: true
{layouts}# nothing ends a reply early: its reasoning may hold blank lines
generation_kwargs:
  until: []
  max_new_tokens: 1024
  temperature: 0
  do_sample: false
cluster_key: scene_id
score_key: score
metric_list:
{metrics}metadata:
  version: 1.0
"""


def _write_metric(name: str) -> str:
    better = "false" if name == "unparsed" else "true"
    return f"  - metric: {name}\n    aggregation: !function utils.average\n    higher_is_better: {better}\n"
