"""The readers of the published files, on synthetic files in both schemas."""

from pathlib import Path

import pytest

from analysis.published.pool import read_pool
from analysis.published.refusals import PublishedRefused
from analysis.published.responses import named_sessions, read_responses
from tests.analysis.published_rows import Row, pool_rows, rows, write

SALT = b"salt"
BOTH = pytest.mark.parametrize("schema", ["CUB", "ImageNet"])


@BOTH
def test_a_file_is_known_by_its_columns_and_read_in_order(schema: str, tmp_path: Path) -> None:
    table = rows(schema)
    published = read_responses(write(tmp_path / "r.csv", table), SALT)
    answers = published.responses
    assert (published.schema.name, len(answers), len(published.sessions)) == (schema, 360, 12)
    assert answers["is_correct"].tolist() == [row["Correctness"] == 1 for row in table]
    assert answers["difficulty"].tolist() == [row["DifficultyLevel"] for row in table]
    assert answers["trial_index"].tolist() == list(range(1, 31)) * 12
    assert ("is_known" in answers) is (schema == "ImageNet")


def test_votes_divided_twice_are_mended_and_reported(tmp_path: Path) -> None:
    divided = read_responses(write(tmp_path / "cub.csv", rows("CUB")), SALT)
    said = [oddity for oddity in divided.oddities if "divided by 20 twice" in oddity.what]
    assert [oddity.n_affected for oddity in said] == [360] * 3
    assert not any("ConfidenceScore" in oddity.what for oddity in divided.oddities)
    right = read_responses(write(tmp_path / "imagenet.csv", rows("ImageNet")), SALT)
    assert not any("divided" in oddity.what for oddity in right.oddities)


@BOTH
def test_confidences_are_read_as_votes_or_per_cents(schema: str, tmp_path: Path) -> None:
    table = rows(schema)
    answers = read_responses(write(tmp_path / "r.csv", table), SALT).responses
    scale = [100 if row["Method"] == "ResNet-50" else 20 for row in table]
    shares = [float(str(row["ConfidenceScore"])) for row in table]
    expected = [round(share * n) for share, n in zip(shares, scale, strict=True)]
    assert answers["ai_units"].tolist() == expected


def test_no_id_of_the_file_is_kept(tmp_path: Path) -> None:
    table = rows("CUB")
    published = read_responses(write(tmp_path / "r.csv", table), SALT)
    kept = published.responses.to_csv() + published.sessions.to_csv() + str(published.oddities)
    assert not any(str(row["UID"])[:6] in kept for row in table)


def test_the_salt_decides_the_pseudonyms(tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", rows("ImageNet"))
    ids = [read_responses(file, salt).sessions["participant_id"] for salt in (b"a", b"a", b"b")]
    assert ids[0].equals(ids[1])
    assert not set(ids[0]) & set(ids[2])


def repeated() -> list[Row]:
    """Return sessions of which the first two conditions' first are of one person."""
    table = rows("CUB")
    for row in table:
        row["UID"] = str(row["UID"]).replace("p10000", "p00000")
    return table


def test_a_persons_sessions_are_numbered_by_time(tmp_path: Path) -> None:
    table = repeated()
    table[0] = table[0] | {"Date": "2022-05-07 09:00:00.000"}
    table[:30] = [row | {"Date": table[0]["Date"]} for row in table[:30]]
    published = read_responses(write(tmp_path / "r.csv", table), SALT)
    sessions = published.sessions
    twice = sessions[sessions["person_id"].duplicated(keep=False)]
    assert twice["condition"].tolist() == ["ResNet-50", "kNN"]
    assert twice["session_number"].tolist() == [2, 1]
    assert any("of 1 people who took part more" in oddity.what for oddity in published.oddities)


def test_one_id_under_two_conditions_is_two_participants(tmp_path: Path) -> None:
    table = [row | {"UID": 7} for row in rows("ImageNet", n_each=1)]
    sessions = read_responses(write(tmp_path / "r.csv", table), SALT).sessions
    assert sessions["participant_id"].nunique() == 6
    assert sessions["participant_id"].str.endswith(sessions["condition"].astype(str).iloc[0]).any()
    assert sessions["session_number"].tolist() == [1, 2, 3, 4, 5, 6]
    assert sessions["person_id"].nunique() == 1


def test_people_are_named_by_session_by_person_or_by_pseudonym(tmp_path: Path) -> None:
    table = repeated()
    published = read_responses(write(tmp_path / "r.csv", table), SALT)
    pseudonym = published.sessions["participant_id"].iloc[5]
    found = {
        item: named_sessions(published, [item], SALT).to_numpy().nonzero()[0].tolist()
        for item in ("p00000KNNs", "p00000", pseudonym)
    }
    assert found == {"p00000KNNs": [2], "p00000": [0, 2], pseudonym: [5]}


def test_an_id_of_nobody_is_refused(tmp_path: Path) -> None:
    published = read_responses(write(tmp_path / "r.csv", rows("CUB")), SALT)
    with pytest.raises(PublishedRefused, match=r"'nobody': not one of the file's 12 participants"):
        named_sessions(published, ["nobody"], SALT)


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("Correctness", "2", "line 5, Correctness: found '2.0', expected 0 or 1; 1 such rows"),
        ("Correctness", "", "line 5, Correctness: found an empty cell, expected a value"),
        ("Method", "SHAP", "line 5, Method: found 'SHAP', expected one of ResNet-50, kNN"),
        ("ConfidenceScore", "most", "expected numbers in Counter balance"),
        ("ConfidenceScore", "1.5", "ConfidenceScore of ResNet-50: confidence 1.5: expected a"),
    ],
)
def test_a_bad_cell_is_refused_with_its_place(
    column: str, cell: str, message: str, tmp_path: Path
) -> None:
    table = rows("CUB")
    table[3] = table[3] | {column: cell}
    with pytest.raises(PublishedRefused, match=message):
        read_responses(write(tmp_path / "r.csv", table), SALT)


def test_a_file_of_another_schema_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    table = [{k: v for k, v in row.items() if k != "Accuracy"} for row in rows("CUB")]
    with pytest.raises(PublishedRefused, match=r"no column Accuracy; .* nearest is CUB's"):
        read_responses(write(tmp_path / "r.csv", table), SALT)


def test_a_surplus_cell_is_refused_by_line(tmp_path: Path) -> None:
    for name, table in (("r", rows("CUB")), ("p", pool_rows(2))):
        text = write(tmp_path / f"{name}.csv", table).read_text().splitlines()
        text[2] += ",7"
        (tmp_path / f"{name}.csv").write_text("\n".join(text))
    with pytest.raises(PublishedRefused, match=r"r\.csv: line 3 has .* surplus: \['7'\]"):
        read_responses(tmp_path / "r.csv", SALT)
    with pytest.raises(PublishedRefused, match=r"p\.csv: line 3 has .* surplus: \['7'\]"):
        read_pool(tmp_path / "p.csv")


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00\xd8"])
def test_what_is_no_csv_is_refused(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "r.csv").write_bytes(content)
    with pytest.raises(PublishedRefused, match="expected a CSV file of responses"):
        read_responses(tmp_path / "r.csv", SALT)
    with pytest.raises(PublishedRefused, match="expected a CSV file of a pool"):
        read_pool(tmp_path / "r.csv")


def test_files_without_a_row_are_refused(tmp_path: Path) -> None:
    for name, table in (("r", rows("CUB")), ("p", pool_rows(1))):
        (tmp_path / f"{name}.csv").write_text(",".join(table[0]) + "\n")
    with pytest.raises(
        PublishedRefused, match="found a header and no row; expected one row per re"
    ):
        read_responses(tmp_path / "r.csv", SALT)
    with pytest.raises(
        PublishedRefused, match="found a header and no row; expected one row per im"
    ):
        read_pool(tmp_path / "p.csv")


def test_a_pool_is_read_for_every_ai(tmp_path: Path) -> None:
    table = pool_rows(9)
    pools = read_pool(write(tmp_path / "pool.csv", table))
    assert list(pools) == ["ResNet", "KNN", "EMD", "CHM"]
    assert pools["EMD"].is_correct.tolist() == [row["emd_correct"] == 1 for row in table]
    assert (pools["EMD"].scale.n, pools["ResNet"].scale.n) == (20, 100)


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("emd_correct", "maybe", "line 4, emd_correct: found 'maybe', expected 0 or 1"),
        ("emd_conf", "", "line 4, emd_conf: found an empty cell, expected a share"),
        ("emd_conf", "0.33", "emd_conf: confidence 0.33: expected a share between 0 and 1 in step"),
    ],
)
def test_a_bad_cell_of_a_pool_is_refused(
    column: str, cell: str, message: str, tmp_path: Path
) -> None:
    table = pool_rows(9)
    table[2] = table[2] | {column: cell}
    with pytest.raises(PublishedRefused, match=message):
        read_pool(write(tmp_path / "pool.csv", table))


def test_a_pool_without_an_ai_is_refused(tmp_path: Path) -> None:
    table: list[Row] = [{k: v for k, v in row.items() if k[:3] != "chm"} for row in pool_rows(2)]
    with pytest.raises(PublishedRefused, match="no column chm_correct, chm_conf; expected resnet"):
        read_pool(write(tmp_path / "pool.csv", table))
