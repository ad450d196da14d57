"""The language of both ends: what an ambulance and a relay say to each other, and a relay to a page.

Sans-I/O: bytes and messages in, events and messages out, the time as an argument. No socket, clock,
task or random number lives here, so that every schedule of a bad radio can be played in a test.
"""
