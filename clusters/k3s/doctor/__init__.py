"""What a cluster has of all that live stands need, point by point, each with how to install or mend it.

To add a point: a function `Examination -> Iterable[Point]` in a module here, and one line in `EXAMINATIONS` in
`examining.py`.
"""
