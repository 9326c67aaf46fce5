"""The three tables: their keys, which are spelled nowhere else, and their rows. One file a table, and one for writing.

otp       CHALLENGE#<txnId> | MOBILE#<keyed hash> | SENDING#<challenge or appointment>
citizens  ACCOUNT#<keyed hash of mobile>  ACCOUNT | PERSON#<reference id> | APPOINTMENT#<reference id>#<dose>
          PHOTOID#<type>#<keyed hash>     PHOTOID
slots     SESSION#<id>                    SESSION | SEAT#<dose>#<slot no>#<seat no>
          FRESHNESS                       FRESHNESS

All instants are whole seconds of the Unix epoch, all dates ISO 8601 in Indian Standard Time.
An absent seat row is a free place. A HELD seat whose `hold_until` has passed is free as well, swept or not.

Stands on the root alone.
"""
