"""The command `headway`: its table of verbs, `headway doctor` and `headway completion`."""
