"""Large files are worked on beside the process that serves pages: with the same result, and no more trust."""

import pickle

import pytest

from capgap_geo.errors import CapGapError, UploadError
from capgap_geo.sources.uploads import Limits, beside, read_upload
from capgap_geo.sources.uploads.aside import LARGE
from capgap_geo.sources.uploads.kinds import FACILITIES, KINDS
from capgap_geo.sources.uploads.messages import refusal

HEAD = "departamento,fecha,medida,registro,casos,nota\n"
CASES = HEAD + "".join(f"Cusco,{1990 + n % 30},denuncias,R{n % 5},{n % 40},{'x' * 60}\n" for n in range(1500))
CASES += f"Atlántida,2020,denuncias,R,x,{'x' * 60}\n"
LARGE_FILE, SMALL_FILE = CASES.encode(), CASES[: LARGE // 2].encode()


@pytest.mark.parametrize("content", [LARGE_FILE, SMALL_FILE], ids=["large", "small"])
def test_the_result_is_the_same(content):
    how = {"kind": "incidents", "source": "Mesa", "licence": "CC BY 4.0", "date": "2024"}
    there, here = beside(read_upload, content, "c.csv", **how), read_upload(content, "c.csv", **how)
    assert len(SMALL_FILE) < LARGE < len(LARGE_FILE)
    assert there.fingerprint == here.fingerprint
    assert there.problems.equals(here.problems)
    assert (there.notes, there.generalised, there.good) == (here.notes, here.generalised, here.good)
    assert there.origin == here.origin


def test_a_refusal_comes_back_as_it_is():
    with pytest.raises(UploadError, match="more than 3 rows") as refused:
        beside(read_upload, LARGE_FILE, "c.csv", kind="incidents", limits=Limits(rows=3))
    assert refused.value.code == "upload_too_many_rows"
    assert dict(refused.value.details) == {"limit": 3}


def test_whatever_ends_the_process_is_a_refusal():
    with pytest.raises(UploadError) as refused:
        beside(read_upload, LARGE_FILE, "c.csv", kind="incidents", no_such_option=1)
    assert refused.value.code == "upload_crashed"


def test_errors_travel_between_processes():
    for error in (refusal("too_many_rows", limit=5), CapGapError("x", code="y", details={"a": (1, 2)})):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301
        assert type(again) is type(error)
        assert (str(again), again.code, again.details) == (str(error), error.code, error.details)


def test_a_kind_that_is_drawn_one_by_one_has_fewer_rows():
    head, row = "servicio,departamento\n", "policía,Cusco\n"
    assert FACILITIES.rows < KINDS["incidents"].rows
    content = (head + row * FACILITIES.rows).encode()
    assert len(read_upload(content, "f.csv", kind="facilities").table) == FACILITIES.rows
    with pytest.raises(UploadError) as refused:
        read_upload(content + row.encode(), "f.csv", kind="facilities")
    assert refused.value.details == {"limit": FACILITIES.rows}
