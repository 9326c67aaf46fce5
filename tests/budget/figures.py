"""What each operation may cost: held to by test_requests.py, and what the models of bench/ reckon with."""

# Of one request in a warm container: DynamoDB calls, other calls, write units on tables and on indexes, read units.
BUDGET = {
    "status": ({"GetItem": 1}, {}, 0, 0, 0.5),
    "list_places": ({}, {}, 0, 0, 0),
    "find_sessions, ten sessions": ({"Query": 1}, {}, 0, 0, 1.5),
    "find_sessions, a big district": ({"Query": 2}, {}, 0, 0, 150),
    "request_otp": ({"PutItem": 1, "UpdateItem": 1}, {"SendMessage": 1}, 2, 0, 0),
    "verify_otp, right first time": ({"UpdateItem": 2, "GetItem": 1, "Query": 1}, {}, 2, 0, 2),
    "register": ({"TransactWriteItems": 1}, {}, 6, 0, 0),
    "list_beneficiaries": ({"Query": 1}, {}, 0, 0, 1),
    "hold, one person": ({"Query": 2, "TransactWriteItems": 1}, {}, 4, 1, 1.5),
    "hold refused, warm": ({"Query": 1}, {}, 0, 0, 1),
    "schedule, one person": ({"Query": 2, "TransactWriteItems": 1}, {"SendMessage": 1}, 4, 0, 1.5),
    "confirm, one person": ({"Query": 1, "TransactWriteItems": 1}, {"SendMessage": 1}, 4, 1, 1),
    "reschedule, one person": ({"Query": 2, "TransactWriteItems": 1}, {"SendMessage": 1}, 6, 0, 1.5),
    "cancel, one person": ({"Query": 1, "TransactWriteItems": 1}, {}, 4, 0, 1),
    "appointment_slip": ({"Query": 1}, {}, 0, 0, 1),
    "update_beneficiary": ({"Query": 1, "TransactWriteItems": 1}, {}, 8, 0, 1),
    "delete_beneficiary": ({"Query": 1, "TransactWriteItems": 1}, {}, 10, 0, 1),
    "publish_session": ({"PutItem": 1}, {}, 2, 6, 0),
    "send_otp": ({"UpdateItem": 2}, {"Publish": 1}, 2, 0, 0),
    "count_seats, 20 seats taken": ({"Query": 2, "UpdateItem": 2}, {}, 3, 6, 4),
    "release_stale, 40 holds": ({"Query": 16, "TransactWriteItems": 1}, {}, 160, 40, 9),
}

# Importing a function, in parts of importing the libraries alone (bench/starts.py): docs/performance/starts.md.
IMPORT_RATIO = {
    "appointment_slip": 3.84,
    "book_slot": 1.95,
    "cancel_slot": 1.92,
    "confirm_slot": 1.99,
    "count_seats": 1.22,
    "delete_beneficiary": 1.88,
    "find_sessions": 1.94,
    "list_beneficiaries": 1.82,
    "list_places": 1.69,
    "publish_session": 1.80,
    "register": 1.91,
    "release_stale": 1.23,
    "request_otp": 1.78,
    "reschedule_slot": 1.84,
    "send_otp": 1.45,
    "status": 1.83,
    "update_beneficiary": 1.90,
    "verify_otp": 1.92,
}
