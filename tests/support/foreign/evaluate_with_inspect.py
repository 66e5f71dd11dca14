"""Run in inspect_ai's own environment: an exported task with its mock model, which gives replies that are given.

Standard input: `task` (file and name), `replies` by the prompt. The last line of standard output: the `metrics` of the
log, and of each sample its score, its metadata and the SHA-256 of the audio file the model was handed.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

from inspect_ai import eval as run_eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model

told = json.load(sys.stdin)
heard = {}


def recite(messages, tools, choice, config):
    """The reply to a prompt. Usage is given because the model would fetch a tokenizer to count it."""
    (audio, text) = messages[-1].content
    assert audio.type == "audio"
    inline = audio.audio.startswith("data:")
    data = base64.b64decode(audio.audio.partition(",")[2]) if inline else Path(audio.audio).read_bytes()
    heard[text.text] = hashlib.sha256(data).hexdigest()
    output = ModelOutput.from_content("mockllm/model", told["replies"][text.text])
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return output


model = get_model("mockllm/model", custom_outputs=recite)
(log,) = run_eval(told["task"], model=model, display="none")
assert log.status == "success", log.error
samples = [
    {
        "id": sample.id,
        "heard": heard[sample.input[0].content[1].text],
        "format": sample.input[0].content[0].format,
        "metadata": sample.metadata,
        "value": score.value,
        "answer": score.answer,
        "unparsed": score.metadata["unparsed"],
    }
    for sample in log.samples
    for score in sample.scores.values()
]
metrics = {name: metric.value for score in log.results.scores for name, metric in score.metrics.items()}
print()
print(json.dumps({"metrics": metrics, "samples": samples}))
