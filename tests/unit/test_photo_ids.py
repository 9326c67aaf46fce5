"""The forms of photo ids."""

import pytest

from tika.people import photo_ids


@pytest.mark.parametrize(
    ("photo_id_type", "written", "normal"),
    [
        (1, "2345 6789 0124", "234567890124"),
        (1, "2345-6789-0124", "234567890124"),
        (2, "mh-12 20110012345", "MH1220110012345"),
        (6, "abcpd1234f", "ABCPD1234F"),
        (8, "k 1234567", "K1234567"),
        (9, "PPO/123456/789", "PPO/123456/789"),
        (11, "npr 12345678", "NPR12345678"),
        (12, "ABC1234567", "ABC1234567"),
        (12, "WB/01/002/123456", "WB/01/002/123456"),
    ],
)
def test_a_number_has_one_way_of_being_written(photo_id_type, written, normal):
    assert photo_ids.normal(photo_id_type, written) == normal


@pytest.mark.parametrize(
    ("photo_id_type", "written"),
    [
        (1, "234567890123"),  # its check digit is wrong
        (1, "134567890124"),  # none begins with 1
        (1, "23456789012"),
        (1, "२३४५६७८९०१२४"),
        (1, "222222222222"),
        (2, "1234567890"),
        (6, "ABCXD1234F"),  # no kind of holder is X
        (6, "ABCPD12345"),
        (8, "12345678"),
        (8, "KK1234567"),
        (9, "1234"),
        (9, "A" * 21),
        (11, "#12345678"),
        (12, "AB1234567"),
        (12, "ABC123456\n7"),
    ],
)
def test_what_is_no_such_number_is_refused(photo_id_type, written):
    with pytest.raises(ValueError, match="not a number of that photo id"):
        photo_ids.normal(photo_id_type, written)
