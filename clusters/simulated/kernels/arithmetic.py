"""Functions of one single-precision number, written so that a compiler makes vectors of them.

The polynomials are those of Cephes (Moshier, "Methods and Programs for Mathematical Functions", 1989; expf.c, logf.c),
within two units in the last place. Arguments are finite.
"""

import numpy as np

from clusters.compiled import inlined

_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_ZERO = np.float32(0.0)
_LOG2_E = np.float32(1.44269504088896341)
_LN2_HIGH = np.float32(0.693359375)
_LN2_LOW = np.float32(-2.12194440e-4)
_LEAST_EXPONENT = np.float32(-87.0)
_MOST_EXPONENT = np.float32(88.0)
_ROOT_HALF_BITS = np.int32(0x3F3504F3)
_MANTISSA_BITS = np.int32(23)
_BIAS = np.int32(127)
_THIRD = np.float32(1.0 / 3.0)
_CUBE_ROOT_BITS = np.int32(709_921_077)
"""Kahan's start: a third of the exponent's bits, and two thirds of the bias."""


@inlined
def greater(a: np.float32, b: np.float32) -> np.float32:
    """The greater of two; b if a is NaN."""
    return a if a > b else b


@inlined
def lesser(a: np.float32, b: np.float32) -> np.float32:
    """The lesser of two; b if a is NaN."""
    return a if a < b else b


@inlined
def between(x: np.float32, low: np.float32, high: np.float32) -> np.float32:
    """x, or the limit that it is beyond."""
    return lesser(greater(x, low), high)


@inlined
def exponential(x: np.float32) -> np.float32:
    """e^x; beyond -87 and 88 as there."""
    x = between(x, _LEAST_EXPONENT, _MOST_EXPONENT)
    power: np.float32 = np.floor(x * _LOG2_E + _HALF)
    rest = x - power * _LN2_HIGH - power * _LN2_LOW
    series = np.float32(1.9875691500e-4)
    series = series * rest + np.float32(1.3981999507e-3)
    series = series * rest + np.float32(8.3334519073e-3)
    series = series * rest + np.float32(4.1665795894e-2)
    series = series * rest + np.float32(1.6666665459e-1)
    series = series * rest + np.float32(5.0000001201e-1)
    series = series * rest * rest + rest + _ONE
    scale: np.float32 = np.int32((np.int32(power) + _BIAS) << _MANTISSA_BITS).view(np.float32)
    return series * scale


@inlined
def logarithm(x: np.float32) -> np.float32:
    """The natural logarithm of a positive normal number."""
    bits = np.float32(x).view(np.int32)
    power = np.int32((bits - _ROOT_HALF_BITS) >> _MANTISSA_BITS)
    rest = np.int32(bits - np.int32(power << _MANTISSA_BITS)).view(np.float32) - _ONE
    square = rest * rest
    series = np.float32(7.0376836292e-2)
    series = series * rest - np.float32(1.1514610310e-1)
    series = series * rest + np.float32(1.1676998740e-1)
    series = series * rest - np.float32(1.2420140846e-1)
    series = series * rest + np.float32(1.4249322787e-1)
    series = series * rest - np.float32(1.6668057665e-1)
    series = series * rest + np.float32(2.0000714765e-1)
    series = series * rest - np.float32(2.4999993993e-1)
    series = series * rest + np.float32(3.3333331174e-1)
    series = series * rest * square
    scale = np.float32(power)
    series += _LN2_LOW * scale - _HALF * square
    return rest + series + _LN2_HIGH * scale


@inlined
def logarithm_of_one_and(x: np.float32) -> np.float32:
    """ln(1 + x) of a number above -1, exact for small ones too (Kahan's quotient)."""
    whole = _ONE + x
    near = whole - _ONE
    is_small = near == _ZERO
    return x if is_small else logarithm(whole) * (x / (_ONE if is_small else near))


@inlined
def cube_root(x: np.float32) -> np.float32:
    """Of a positive normal number: Kahan's start and two steps of Halley's."""
    root = np.int32(np.float32(x).view(np.int32) // np.int32(3) + _CUBE_ROOT_BITS).view(np.float32)
    return _nearer_root(x, _nearer_root(x, root))


@inlined
def _nearer_root(x: np.float32, root: np.float32) -> np.float32:
    """A step of Halley's towards the cube root of x."""
    cube = root * root * root
    return root * (cube + x + x) / (cube + cube + x)


@inlined
def normal_share(z: np.float32) -> np.float32:
    """P(Z <= z) of a standard normal Z, within 2e-4.

    Page (1977, "Approximations to the cumulative normal function and its inverse for use on a pocket calculator"):
    (1 + tanh(y)) / 2, which is 1 / (1 + e^-2y).
    """
    z = between(z, np.float32(-8.0), np.float32(8.0))
    return _ONE / (_ONE + exponential(np.float32(-1.5976) * z * (_ONE + np.float32(0.04417) * z * z)))
