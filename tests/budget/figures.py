"""What each operation may cost: held to by test_requests.py, and what the models of bench/ reckon with."""

# For one person, warm: DynamoDB calls, other calls, write units on tables and on indexes, read units.
BUDGET = {
    "request_otp": ({"PutItem": 1, "UpdateItem": 1}, {"SendMessage": 1}, 2, 0, 0),
    "send_otp, one code": ({"UpdateItem": 2}, {"Publish": 1}, 2, 0, 0),
    "verify_otp, right first time": ({"UpdateItem": 2, "GetItem": 1, "Query": 1}, {}, 2, 0, 2),
    "register": ({"TransactWriteItems": 1}, {}, 6, 0, 0),
    "find_sessions": ({"Query": 1}, {}, 0, 0, 0.5),
    "hold, one person": ({"Query": 2, "TransactWriteItems": 1}, {}, 4, 1, 1.5),
    "hold refused, warm": ({"Query": 1}, {}, 0, 0, 1),
    "confirm, one person": ({"Query": 1, "TransactWriteItems": 1}, {"SendMessage": 1}, 4, 1, 1),
    "schedule, one person": ({"Query": 2, "TransactWriteItems": 1}, {"SendMessage": 1}, 4, 0, 1.5),
    "cancel, one person": ({"Query": 1, "TransactWriteItems": 1}, {}, 4, 0, 1),
    "reschedule, one person": ({"Query": 2, "TransactWriteItems": 1}, {"SendMessage": 1}, 6, 0, 1.5),
    "list_beneficiaries": ({"Query": 1}, {}, 0, 0, 1),
    "release_stale, 40 holds": ({"Query": 16, "TransactWriteItems": 1}, {}, 160, 40, 9),
}
