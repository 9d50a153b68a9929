"""Tools whose parsers are tables of regular expressions; each was written from a transcript.

The transcripts and the versions that printed them are in tests/recordings/run. What could not be
run where it was written is marked "not run", with the source of its format.
"""
