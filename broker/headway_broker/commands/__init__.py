"""The commands `headway broker` and `headway history`."""
