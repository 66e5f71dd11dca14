"""The error tree. A command line catches `TwnmError` in one place, prints it and exits with its code.

TwnmError                 one plain sentence: what is wrong, where, what to do     exit code 2
|-- SpecError             a setting, an argument or a spec file is not usable
|-- GeometryError         a room, a listener or a source that cannot be
|-- HrtfError             a SOFA file that cannot be used
|-- AudioError            audio that cannot be read, or must not be written
|-- StoreError            a folder, shard, manifest or index that is not what it should be
|   |-- LockedError       another run works in the folder
|   `-- MismatchError     a folder holds a run with other settings
|-- LicenseError          terms that do not allow what was asked
|-- MissingExtraError     an optional package is not installed
`-- MachineError          the machine's own failure (disk full, a killed worker)    exit code 1
"""


class TwnmError(Exception):
    """Base of all errors that are not bugs; `str(error)` is one plain sentence."""

    exit_code = 2


class SpecError(TwnmError):
    """A setting, an argument or a spec file is not usable."""


class GeometryError(TwnmError):
    """A room, a listener or a source that cannot be."""


class HrtfError(TwnmError):
    """A SOFA file that cannot be used."""


class AudioError(TwnmError):
    """Audio that cannot be read, or must not be written."""


class StoreError(TwnmError):
    """A folder, shard, manifest or index that is not what it should be."""


class LockedError(StoreError):
    """Another run works in the folder."""


class MismatchError(StoreError):
    """A folder holds a run with other settings."""


class LicenseError(TwnmError):
    """Terms that do not allow what was asked."""


class MissingExtraError(TwnmError):
    """An optional package is not installed."""


class MachineError(TwnmError):
    """The machine's own failure: a full disk, a killed worker, a file that vanished."""

    exit_code = 1
