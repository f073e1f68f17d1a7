"""Things that wait for one another, named as the path that leads back to itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


def cycles(graph: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Find the loops in `graph`; removing one edge of each leaves none.

    >>> list(cycles({"a": ["b"], "b": ["c", "a"], "c": []}))
    [('a', 'b', 'a')]
    """
    done: set[str] = set()
    for start in graph:
        if start in done:
            continue
        path: dict[str, None] = {start: None}
        ahead = [iter(graph[start])]
        while ahead:
            step = next(ahead[-1], None)
            if step is None:
                ahead.pop()
                done.add(path.popitem()[0])
            elif step in path:
                walked = list(path)
                yield (*walked[walked.index(step) :], step)
            elif step not in done and step in graph:
                path[step] = None
                ahead.append(iter(graph[step]))
