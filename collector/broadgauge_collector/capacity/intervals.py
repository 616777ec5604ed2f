"""Exact binomial intervals (Clopper and Pearson, Biometrika 26, 1934)."""

from functools import lru_cache


@lru_cache(maxsize=65536)
def lower(successes: float, trials: float, confidence: float) -> float:
    """Lower end of the exact two-sided interval of a share; 0 if there were no successes."""
    if successes <= 0:
        return 0.0
    return _beta_quantile(successes, trials - successes + 1, (1 - confidence) / 2)


@lru_cache(maxsize=65536)
def upper(successes: float, trials: float, confidence: float) -> float:
    """Upper end of the exact two-sided interval of a share; 1 if there were only successes."""
    if successes >= trials:
        return 1.0
    return _beta_quantile(successes + 1, trials - successes, (1 + confidence) / 2)


@lru_cache(maxsize=65536)
def t_ratio(tests: int, clusters: int, confidence: float) -> float:
    """By how much a variance seen in few clusters shrinks an effective sample size (Korn and
    Graubard 1998): the squared ratio of Student's quantiles."""
    from scipy.special import stdtrit

    quantile = (1 + confidence) / 2
    return float((stdtrit(tests - 1, quantile) / stdtrit(clusters - 1, quantile)) ** 2)


def _beta_quantile(a: float, b: float, probability: float) -> float:
    # Half a second of import, and a server must start without it.
    from scipy.special import betaincinv

    return float(betaincinv(a, b, probability))
