from rkd_keras.files import threads


def test_in_order_and_not_all_at_once(monkeypatch):
    monkeypatch.setattr(threads, "AT_ONCE", 3)
    called = []

    def call(number, word):
        called.append(number)
        return word * number

    several = range(10), "abcdefghij"
    made = threads.in_threads(call, *several)
    assert next(made) == "" and len(called) <= 3
    expected = [word * number for number, word in zip(*several, strict=True)]
    assert list(made) == expected[1:]
    assert sorted(called) == list(range(10))
