"""A tape hears the thread and the asyncio task that entered it, and no other."""

from __future__ import annotations

import asyncio
import collections
import contextvars
import threading
from collections.abc import Iterator
from typing import Any

import gradtape as tf


def test_another_thread_is_not_heard() -> None:
    x = tf.constant(3.0)
    found: dict[str, Any] = {}

    def work() -> None:
        found["theirs"] = x * 100.0
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        found["gradient"] = tape.gradient(y, x)

    with tf.GradientTape() as tape:
        tape.watch(x)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        mine = x * 7.0
    assert found["gradient"].numpy() == 6.0
    assert tape.gradient([mine, found["theirs"]], x).numpy() == 7.0


def test_threads_record_side_by_side() -> None:
    v = tf.Variable(2.0)
    barrier = threading.Barrier(4)
    found: dict[int, list[float]] = collections.defaultdict(list)

    def work(number: int) -> None:
        for _ in range(20):
            with tf.GradientTape() as tape:
                barrier.wait(timeout=60)
                y = v * v * float(number)
                barrier.wait(timeout=60)
                y = y + v
            found[number].append(float(tape.gradient(y, v).numpy()))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dict(found) == {number: [4.0 * number + 1.0] * 20 for number in range(4)}


def test_an_executor_thread_of_asyncio_is_not_heard() -> None:
    x = tf.constant(3.0)

    async def main() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            theirs = await asyncio.to_thread(lambda: x * 100.0)
            mine = x * 7.0
        return tape.gradient([mine, theirs], x)

    assert asyncio.run(main()).numpy() == 7.0


def test_a_thread_that_starts_with_a_copy_of_the_context_is_not_heard() -> None:
    """As executors that carry context over, and threads where Python lets them inherit it, run their work."""
    x, v = tf.constant(3.0), tf.Variable(2.0)
    found: dict[str, Any] = {}

    def work() -> None:
        found["tensor"] = x * 100.0
        found["variable"] = v.value() * 10.0
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        found["gradient"] = tape.gradient(y, x)

    with tf.GradientTape() as tape:
        tape.watch(x)
        thread = threading.Thread(target=contextvars.copy_context().run, args=(work,))
        thread.start()
        thread.join()
        mine = x * 7.0
    assert found["gradient"].numpy() == 6.0
    assert tape.watched_variables() == ()
    assert tape.gradient([mine, found["tensor"], found["variable"]], x).numpy() == 7.0


def test_asyncio_tasks_record_side_by_side() -> None:
    x = tf.constant(3.0)
    shared: list[Any] = []

    async def work(factor: float) -> float:
        with tf.GradientTape() as tape:
            tape.watch(x)
            for _ in range(3):
                await asyncio.sleep(0)
                shared.append(x * 100.0)
            y = x * factor
            await asyncio.sleep(0)
        return float(tape.gradient([y, *shared], x).numpy())

    async def main() -> list[float]:
        return list(await asyncio.gather(*(work(float(n)) for n in range(4))))

    found = asyncio.run(main())
    assert found == [n + 300.0 for n in range(4)]  # its own three, none of the nine of the others


def test_a_child_task_is_not_heard() -> None:
    x = tf.constant(3.0)

    async def times(factor: float) -> Any:
        return x * factor

    async def main() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            theirs = await asyncio.create_task(times(100.0))
            mine = await times(7.0)
        return tape.gradient([mine, theirs], x)

    assert asyncio.run(main()).numpy() == 7.0


def test_a_generator_suspended_inside_a_tape_can_go_on() -> None:
    x = tf.constant(3.0)

    def steps() -> Iterator[Any]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            yield x * 2.0
            y = x * x
        yield tape.gradient(y, x)

    walk = steps()
    assert next(walk).numpy() == 6.0
    assert next(walk).numpy() == 6.0
