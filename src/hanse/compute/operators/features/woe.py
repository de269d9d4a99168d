"""Weight of evidence and information value of bins (Siddiqi, Credit Risk Scorecards, 2006).

For a bin with e of E events and n of N non-events, WOE = ln((e/E) / (n/N)): positive where the
share of events is above average, so that a logistic regression on WOE has positive weights for
columns that speak for the event. IV = Σ (e/E - n/N)·WOE. In a bin without events or without
non-events both counts are raised by the smoothing constant for its WOE.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def weights(events: Counts, others: Counts, total: tuple[int, int], smoothing: float) -> Floats:
    """WOE of each bin.

    Args:
        events: events by bin.
        others: non-events by bin.
        total: all events and all non-events, both at least 1.
        smoothing: added to both counts of a bin in which one is zero; above 0.
    """
    empty = (events == 0) | (others == 0)
    more = np.where(empty, smoothing, 0.0)
    return np.asarray(np.log((events + more) / total[0]) - np.log((others + more) / total[1]))


def information(events: Counts, others: Counts, total: tuple[int, int], smoothing: float) -> Floats:
    """What each bin adds to the information value."""
    shares = events / total[0] - others / total[1]
    return np.asarray(shares * weights(events, others, total, smoothing))
