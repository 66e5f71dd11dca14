"""`twnm-sim check`, from top to bottom: read all records, look into some rooms, judge, write the report."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from twnm_schemas.errors import SpecError
from twnm_schemas.records import MeasuredRoom, SimulatedRoom
from twnm_schemas.render import RenderSpec
from twnm_shards.files import check_writable, disk_errors, write_bytes, write_json
from twnm_sim.check.crew import choose_workers, inspect_rooms
from twnm_sim.check.gates import TAILS_NEEDED, Ledger, Value, Verdict, judge
from twnm_sim.check.library import Library, Place, choose_deep, iter_records, open_library, spec_of
from twnm_sim.check.measured import NEED_POSITIONS, NEED_SIMULATION, NO_POSITIONS, NOT_SIMULATED, check_measured
from twnm_sim.check.records import Tally, check_record, name_place, read_record
from twnm_sim.check.report import Example, Report, describe
from twnm_sim.check.rooms import Inspector
from twnm_sim.check.tails import THIRD_OCTAVES_HZ, diffuse_coherence, no_tails
from twnm_sim.hrtf.find import find_head
from twnm_sim.hrtf.model import Hrtf
from twnm_sim.reverberance import rank_reverberation

Showing = Callable[[str, int, str], AbstractContextManager[Callable[[int], None]]]
DEFAULT_ROOMS = 200
JSON_NAME, HTML_NAME = "report.json", "report.html"
_EARLY_ROOMS = 12  # whose first position is summed again in float64
_EXAMPLES = (0.1, 0.5, 0.9)  # quantiles of reverberation that the report shows
_NEED_HEAD = (
    *("hrtf_error", "direct_onset", "direct_level", "direct_itd", "direct_ild", "early"),
    *("drr", "coherence", "side", "lateral_heard"),
)
_NEED_EARS = ("direct_itd", "direct_ild", "early", "coherence", "side", "lateral_heard")


@dataclass(frozen=True)
class CheckRequest:
    """What a user asks: which library, how many rooms deeply, whose head (None: by the record's name), where to."""

    path: Path
    rooms: int = DEFAULT_ROOMS
    workers: int | None = None
    hrtf: str | None = None
    out: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """A finished check: its report, and where it was written."""

    report: Report
    json_path: Path
    html_path: Path

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The gates that failed."""
        return tuple(verdict for verdict in self.report.verdicts if verdict.status == "fail")


@contextmanager
def _silently(label: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    yield lambda done: None


@dataclass
class _Survey:
    """What reading all records gave."""

    spec: RenderSpec
    ledger: Ledger
    tally: Tally
    deep: list[Place]
    candidates: list[tuple[float, Place, int]]
    first: SimulatedRoom | MeasuredRoom | None = None
    hrtf: Hrtf | None = None
    no_head: str = ""
    faults: tuple[str, ...] = ()


def check_library(request: CheckRequest, showing: Showing = _silently) -> Outcome:
    """Examine a library and write `report.json` and `report.html` beside its folder (or to `out`).

    Raises StoreError where they cannot be written, and as `examine_library` does.
    """
    library = open_library(request.path)
    out = request.out or library.root
    check_writable(out)
    outcome = Outcome(examine_library(library, request, showing), out / JSON_NAME, out / HTML_NAME)
    _write(outcome, library)
    return outcome


def examine_library(library: Library, request: CheckRequest, showing: Showing = _silently) -> Report:
    """All that a report holds.

    `showing(label, total, unit)` is entered for each long stretch and gives a function to call with what is done.
    Raises SpecError for counts that cannot be, StoreError for shards that cannot be read through.
    """
    if request.rooms < 1 or (request.workers is not None and request.workers < 1):
        raise SpecError("--rooms and --workers count rooms and processes; give 1 or more.")
    with showing("records", library.manifest.samples, "rooms") as show:
        survey = _read_records(library, request, show)
    with showing("audio", len(survey.deep), "rooms") as show:
        return _look_deeply(library, request, survey, show)


def _read_records(library: Library, request: CheckRequest, show: Callable[[int], None]) -> _Survey:
    chosen = choose_deep(library.manifest.samples, request.rooms)
    survey = _Survey(spec_of(library.manifest), Ledger(), Tally(), [], [])
    for place, data in iter_records(library):
        record, fault = read_record(data, place.key, library.manifest)
        survey.ledger.add([Value("record_valid", 1.0 if fault else 0.0, place.key)])
        if fault:
            survey.faults += (f"{place.key}: {fault}",)
        if record is not None:
            _survey_record(survey, record, request, place if place.index in chosen else None)
        show(place.index + 1)
    return survey


def _survey_record(
    survey: _Survey, record: SimulatedRoom | MeasuredRoom, request: CheckRequest, deep: Place | None
) -> None:
    if survey.first is None:
        survey.first = record
        if isinstance(record, SimulatedRoom):
            survey.hrtf, survey.no_head = find_head(record.hrtf, request.hrtf)
    if isinstance(record, SimulatedRoom):
        survey.ledger.add(check_record(record, survey.spec, survey.hrtf))
    else:
        survey.ledger.add(check_measured(record))
    survey.tally.add(record)
    if deep is None:
        return
    survey.deep.append(deep)
    number = deep.index % len(record.sources)
    survey.candidates.append((rank_reverberation(record.sources[number].acoustics), deep, number))


def _look_deeply(library: Library, request: CheckRequest, survey: _Survey, show: Callable[[int], None]) -> Report:
    inspector = Inspector(survey.spec, survey.hrtf)
    early = choose_deep(len(survey.deep), _EARLY_ROOMS) if survey.deep else frozenset()
    tasks = [(place, number in early) for number, place in enumerate(survey.deep)]
    pooled, positions, alone = no_tails(), 0, 0
    workers = choose_workers(len(tasks), request.workers)
    for done, findings in enumerate(inspect_rooms(inspector, tasks, workers), 1):
        survey.ledger.add(findings.values)
        pooled += findings.coherence
        positions, alone = positions + findings.positions, alone + findings.direct_alone
        show(done)
    theory_O = None if survey.hrtf is None else diffuse_coherence(survey.hrtf)
    if pooled.tails and theory_O is not None:
        for hz, found, told in zip(THIRD_OCTAVES_HZ, pooled.coherence(), theory_O, strict=True):
            survey.ledger.add([Value("coherence", abs(float(found - told)), f"{hz:.0f} Hz")])
    notes = _write_notes(survey, positions, alone, pooled.tails)
    verdicts = judge(survey.ledger, _give_reasons(survey, pooled.tails), notes)
    return Report(
        manifest=library.manifest,
        tally=survey.tally,
        verdicts=verdicts,
        rooms_heard=len(tasks),
        positions_heard=positions,
        pooled=pooled,
        theory_O=theory_O,
        hrtf=survey.hrtf,
        spec=survey.spec,
        first=survey.first,
        ratios=list(survey.ledger.numbers.get("rt60_eyring", ())),
        examples=_choose_examples(survey),
    )


def _give_reasons(survey: _Survey, tails: int) -> dict[str, str]:
    if survey.first is None:
        return {}
    if isinstance(survey.first, MeasuredRoom):
        positions = {} if "azimuth" in survey.ledger.numbers else dict.fromkeys(NEED_POSITIONS, NO_POSITIONS)
        return {**dict.fromkeys(NEED_SIMULATION, NOT_SIMULATED), **positions}
    if "binaural" not in survey.first.outputs:
        return dict.fromkeys(_NEED_EARS, "the library holds no binaural output")
    if survey.hrtf is None:
        return dict.fromkeys(_NEED_HEAD, survey.no_head)
    reasons = {}
    if survey.first.tail != "diffuse":
        reasons["coherence"] = f"{tails} tails of complete images, whose field is not isotropic"
    elif tails < TAILS_NEEDED:
        reasons["coherence"] = f"{tails} tails; judged from {TAILS_NEEDED} on"
    return reasons


def _write_notes(survey: _Survey, positions: int, alone: int, tails: int) -> dict[str, str]:
    if isinstance(survey.first, MeasuredRoom):
        return {"record_valid": "; ".join(survey.faults[:3]), "drr": "here 2.5 ms from the onset against the rest"}
    direct = f"{alone} of {positions} positions hear it alone for 1.5 ms"
    return {
        **dict.fromkeys(("direct_onset", "direct_level", "direct_itd", "direct_ild"), direct),
        "record_valid": "; ".join(survey.faults[:3]),
        "coherence": f"{tails} tails, third octaves 100 Hz to 4 kHz",
        "side": "positions with a lateral angle of 15 to 60 degrees and a DRR over 0 dB",
    }


def _choose_examples(survey: _Survey) -> tuple[Example, ...]:
    """Positions of a dry, a middling and a reverberant room."""
    ordered = sorted(survey.candidates, key=lambda c: (c[0], c[1].index, c[2]))
    examples: dict[str, Example] = {}
    for quantile in _EXAMPLES if ordered else ():
        _, place, source = ordered[round(quantile * (len(ordered) - 1))]
        examples.setdefault(place.key, Example(place, source, name_place(place.key, source)))
    return tuple(examples.values())


def _write(outcome: Outcome, library: Library) -> None:
    from twnm_sim.check.pages import render_page

    with disk_errors(outcome.json_path.parent):
        write_json(outcome.json_path, describe(outcome.report))
        write_bytes(outcome.html_path, render_page(outcome.report, library).encode())
