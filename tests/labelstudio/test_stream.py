"""Labels made by the program are those that the page makes."""

from screentime.labelstudio import predictions, queue, stream


def kept(client, annotation):
    return client.request("GET", f"api/annotations/{annotation}/")


def test_labels_and_skips_are_stored_as_the_page_stores_them(ls_client, make_project):
    sample = make_project(4)
    items = [(task, {"Tom"}, 0.6 + k / 10) for k, task in enumerate(sample.numbers)]
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    tab = queue.queue_frames(ls_client, sample.ref, sample.ids).tab
    expected = [
        ({"Tom"}, True, "prediction", ["Tom"]),
        ({"Tom", "Jerry"}, True, "prediction-changed", ["Tom", "Jerry"]),
        (set(), False, "manual", ["neither"]),
    ]
    for characters, from_prediction, origin, choices in expected:
        task = stream.next_task(ls_client, sample.ref, tab)
        [shown] = task["predictions"]
        made = kept(
            ls_client,
            stream.submit(
                ls_client, task, sample.schema, characters,
                prediction=shown if from_prediction else None, lead_time=2.5,
            ),
        )
        assert made["parent_prediction"] == (shown["id"] if from_prediction else None)
        [result] = made["result"]
        assert (result["origin"], result["value"]) == (origin, {"choices": choices})
        assert (result["from_name"], result["to_name"], result["type"]) == ("characters", "frame", "choices")
        assert made["lead_time"] == 2.5 and made["was_cancelled"] is False
    task = stream.next_task(ls_client, sample.ref, tab)
    skipped = kept(ls_client, stream.skip(ls_client, task, prediction=task["predictions"][0]))
    assert skipped["was_cancelled"] is True and skipped["result"][0]["value"] == {"choices": ["Tom"]}
    assert stream.next_task(ls_client, sample.ref, tab) is None


def test_on_a_blind_frame_as_the_page_does(ls_client, make_project):
    """The page names the prediction that chose nothing; `test_page` sees it do so."""
    sample = make_project(3)
    items = [(task, None, 0.6 + k / 10) for k, task in enumerate(sample.numbers)]
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    tab = queue.queue_frames(ls_client, sample.ref, sample.ids).tab
    # Whether the caller takes the prediction for one or not.
    for given in (True, False):
        task = stream.next_task(ls_client, sample.ref, tab)
        [shown] = task["predictions"]
        made = kept(
            ls_client,
            stream.submit(ls_client, task, sample.schema, {"Tom"}, prediction=shown if given else None),
        )
        assert made["parent_prediction"] == shown["id"]
        assert [(r["origin"], r["value"]) for r in made["result"]] == [("manual", {"choices": ["Tom"]})]
    task = stream.next_task(ls_client, sample.ref, tab)
    skipped = kept(ls_client, stream.skip(ls_client, task))
    assert (skipped["was_cancelled"], skipped["result"]) == (True, [])
    assert skipped["parent_prediction"] == task["predictions"][0]["id"]
