import inspect

from screentime import errors


def test_every_error_is_a_sentence_with_a_remedy_and_the_right_exit_code():
    kinds = [k for _, k in inspect.getmembers(errors, inspect.isclass) if issubclass(k, errors.ScreentimeError)]
    assert len(kinds) == 10
    for kind in kinds:
        error = kind("It is so.", "Do this.")
        assert (str(error), error.what, error.remedy) == ("It is so. Do this.", "It is so.", "Do this.")
        assert error.exit_code == (2 if issubclass(kind, errors.UserMistake) else 1)
