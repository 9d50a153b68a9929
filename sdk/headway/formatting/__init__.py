"""Values made readable: counts and rates as text, states as signs, styled lines as a string.

Pure. The viewer and `progress_tracker` draw with it; no program that only reports loads it.
"""
