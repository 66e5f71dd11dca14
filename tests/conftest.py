"""What every test relies on."""

import signal

# A shell starts its background jobs with Ctrl-C ignored, which processes inherit; with a handler here, those that the
# tests start and interrupt are born as in a terminal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
