import asyncio

from clusters.synthetic.broker import Line


def test_messages_are_handed_out_in_order_and_once() -> None:
    async def play() -> None:
        line = Line()
        line.put({"n": "0"})
        line.put({"n": "1"})
        taken = [await line.take(0.0, 0.0) for _ in range(3)]
        assert taken == [(0, {"n": "0"}), (1, {"n": "1"}), None]
        assert line.num_waiting == 0

    asyncio.run(play())


def test_a_fetch_waits_for_a_message_that_comes() -> None:
    async def play() -> None:
        line = Line()
        fetch = asyncio.create_task(line.take(30.0, 0.0))
        await asyncio.sleep(0)
        line.put({})
        assert await fetch == (0, {})

    asyncio.run(play())


def test_what_a_consumer_did_not_finish_comes_again_first() -> None:
    async def play() -> None:
        line = Line()
        for name in ("lost", "done", "next"):
            line.put({"n": name})
        await line.take(0.0, 0.0)
        _, done = await line.take(0.0, 0.0), line.done(1)
        assert done is None
        assert await line.take(0.0, 1000.0) == (0, {"n": "lost"})
        assert await line.take(0.0, 1000.0) == (2, {"n": "next"})

    asyncio.run(play())


def test_forgetting_drops_what_waits_and_what_was_taken() -> None:
    async def play() -> None:
        line = Line()
        line.put({})
        line.put({})
        await line.take(0.0, 0.0)
        assert line.forget() == 2
        assert await line.take(0.0, 1000.0) is None

    asyncio.run(play())
