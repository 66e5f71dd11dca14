"""How much asking many at a time gains over asking one by one. A program, not a test.

    python tests/performance/bench_llm.py [--asks 1280] [--serial 20] [--concurrency 32] [--delay 0.2]

A stub on this machine takes `--delay` seconds for each reply, however many it is asked for at a time. The serial rate
is measured with the same client at a concurrency of one; the ratio is bounded by the concurrency.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from faulty_endpoint import Answer, FaultyEndpoint
from llm_asks import make_asks

from twnm_bench.llm.asking import ask_all
from twnm_bench.llm.endpoint import Endpoint, EndpointSettings


def measure_rate(server: FaultyEndpoint, asks: int, concurrency: int) -> float:
    """Replies a second."""
    endpoint = Endpoint(EndpointSettings(server.url, "stub", concurrency=concurrency))
    begun = time.perf_counter()
    replies = ask_all(make_asks(asks), endpoint)
    assert all(reply.value for reply in replies)
    return asks / (time.perf_counter() - begun)


def main() -> None:
    """Print both rates and their ratio as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--asks", type=int, default=1280, help="asked at a time")
    parser.add_argument("--serial", type=int, default=20, help="asked one by one")
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--delay", type=float, default=0.2, help="seconds the stub takes")
    options = parser.parse_args()
    answer = Answer(json.dumps({"question": "Where is it?"}), delay_s=options.delay)
    with FaultyEndpoint(lambda asked: answer) as server:
        serial = measure_rate(server, options.serial, 1)
        concurrent = measure_rate(server, options.asks, options.concurrency)
        most = server.most_at_a_time
    print(f"| a stub of {options.delay} s | replies/s |\n|---|---|")
    print(
        f"| one by one | {serial:.2f} |\n| {options.concurrency} at a time (at most {most} seen) | {concurrent:.1f} |"
    )
    print(f"| ratio | {concurrent / serial:.1f} |")


if __name__ == "__main__":
    main()
