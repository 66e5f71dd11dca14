"""One run at a time, and those who only look keep none from starting."""

import fcntl
import threading
from pathlib import Path

import pytest

from twnm_schemas.errors import LockedError
from twnm_shards.locks import LOCK_NAME, is_locked, locked


def test_second_run_is_refused_and_the_lock_goes_with_the_first(tmp_path: Path) -> None:
    with locked(tmp_path):
        assert is_locked(tmp_path)
        with pytest.raises(LockedError, match="another run works in"), locked(tmp_path):
            pass
        assert is_locked(tmp_path)
    assert not is_locked(tmp_path)
    assert not list(tmp_path.iterdir())


def test_run_waits_for_one_that_only_looks(tmp_path: Path) -> None:
    lock = (tmp_path / LOCK_NAME).open("w")
    fcntl.flock(lock, fcntl.LOCK_SH)
    looked = threading.Timer(0.2, lock.close)
    looked.start()
    with locked(tmp_path):
        assert lock.closed
        assert is_locked(tmp_path)
    looked.join()


def test_a_patient_run_waits_for_another_as_long_as_it_may(tmp_path: Path) -> None:
    first = locked(tmp_path)
    first.__enter__()
    with pytest.raises(LockedError), locked(tmp_path, patience_s=0.1):
        pass
    ended = threading.Timer(0.2, first.__exit__, (None, None, None))
    ended.start()
    with locked(tmp_path, patience_s=60.0):
        assert ended.finished.is_set()
        assert is_locked(tmp_path)
    ended.join()
    assert not list(tmp_path.iterdir())


def test_lock_that_stays_shared_is_refused_in_the_end(tmp_path: Path) -> None:
    with (tmp_path / LOCK_NAME).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        with pytest.raises(LockedError), locked(tmp_path):
            pass
