"""The commands that report a command: `run`, `attach`, `pipe`, `pv`, `patch`, `shell note`."""
