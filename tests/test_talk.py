from screentime.talk import Talk


def test_silence_takes_everything_and_says_nothing(capfd):
    talk = Talk()
    talk.say("something")
    with talk.progress("work") as step:
        step(1, 2)
    assert capfd.readouterr() == ("", "")
