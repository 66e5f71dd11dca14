"""Run in lmms-eval's own environment: its evaluator over an exported task, with replies that are given.

Standard input: `folder` (what --include_path names), `task`, `replies` by the place of the question. The last line of
standard output: `tasks` found, `results` by name, and of each question what the model was handed.
"""

import hashlib
import json
import sys

import numpy as np
from lmms_eval.api.model import lmms
from lmms_eval.evaluator import simple_evaluate
from lmms_eval.tasks import TaskManager


class Reciting(lmms):
    """Says what it was told to, and keeps what it was handed."""

    def __init__(self, replies):
        super().__init__()
        self.replies, self.handed = replies, []

    def generate_until(self, requests):
        return [self._answer(*request.args) for request in requests]

    def _answer(self, prompt, settings, doc_to_visual, doc_id, task, split):
        (sound,) = doc_to_visual(self.task_dict[task][split][doc_id])
        array_CT = np.ascontiguousarray(sound["array"])
        told = {"prompt": prompt, "settings": settings, "rate": sound["sampling_rate"], "kind": str(array_CT.dtype)}
        sha256 = hashlib.sha256(array_CT.tobytes()).hexdigest()
        self.handed.append({**told, "doc_id": doc_id, "shape": array_CT.shape, "sha256": sha256})
        return self.replies[doc_id]

    def loglikelihood(self, requests):
        raise NotImplementedError

    def generate_until_multi_round(self, requests):
        raise NotImplementedError


told = json.load(sys.stdin)
manager = TaskManager(include_path=told["folder"], include_defaults=False)
model = Reciting(told["replies"])
done = simple_evaluate(model=model, tasks=[told["task"]], task_manager=manager, batch_size=1, bootstrap_iters=0)
results = {name.removesuffix(",none"): value for name, value in done["results"][told["task"]].items()}
numbers = {name: float(value) for name, value in results.items() if not isinstance(value, str)}
targets = [sample["target"] for sample in done["samples"][told["task"]]]
print()
print(json.dumps({"tasks": manager.all_tasks, "results": numbers, "targets": targets, "handed": model.handed}))
